"""What the tests of the sandbox begin with; keyword-only."""


def open_session(api, *, mode="payment", amount=2500, interval="month", **more):
    """A Checkout Session over `amount` in USD, made through the API."""
    price = {"currency": "usd", "product_data": {"name": "A gift"}, "unit_amount": amount}
    if mode == "subscription":
        price["recurring"] = {"interval": interval}
    urls = {
        "success_url": "http://news.example/thanks/?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://news.example/",
    }
    lines = [{"price_data": price, "quantity": 1}]
    return api.checkout.sessions.create(params={"mode": mode, "line_items": lines, **urls, **more})


def pay_once(api, sandbox, *, amount=2500, **how):
    """The PaymentIntent's id of a gift just given."""
    return sandbox.pay(open_session(api, amount=amount).id, **how)["payment_intent"]


def begin_monthly(api, sandbox, *, amount=2500, metadata=None, interval="month", **how):
    """The Subscription's id of a monthly gift just begun."""
    data = {"metadata": metadata or {}}
    session = open_session(api, mode="subscription", amount=amount, interval=interval, subscription_data=data)
    return sandbox.pay(session.id, **how)["subscription"]


def kinds(sandbox):
    return [event["type"] for event in sandbox.events]
