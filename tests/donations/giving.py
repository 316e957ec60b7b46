"""Readers who give through the sandbox, and Stripe's messages about it. Nothing here stands in for our own code."""

from django.apps import apps

from donations.models import Gift, Payment
from donations.stripe_gateway import Gateway
from tests.donations.factories import make_gift


def open_page(*, stored=True, **fields):
    """A gift whose payment page is open. Without `stored`, as while our own request waits for its answer."""
    gift = make_gift(**fields)
    session = Gateway().create_session(gift)
    if stored:
        Gift.objects.filter(pk=gift.pk).update(session_id=session.id)
    gift.session_id = session.id
    return gift


def give(sandbox, *, method="card", card="4242424242424242", stored=True, **fields):
    """A gift that its giver has paid, of which we have not been told yet."""
    gift = open_page(stored=stored, **fields)
    sandbox.pay(gift.session_id, card=card, method=method)
    return gift


def give_monthly(sandbox, **fields):
    return give(sandbox, frequency="monthly", **fields)


def intent_of(sandbox, gift):
    """The PaymentIntent of a gift given once."""
    return sandbox.objects["checkout.session"][gift.session_id]["payment_intent"]


def subscription_of(sandbox, gift):
    return sandbox.objects["checkout.session"][gift.session_id]["subscription"]


def poster(client):
    """Posts a signed delivery to our endpoint, as Stripe does; the answer's status."""

    def post(body, header):
        signature = {"Stripe-Signature": header} if header is not None else {}
        return client.post("/stripe/webhook/", body, content_type="application/json", headers=signature).status_code

    return post


def deliver(client, sandbox, **kwargs):
    """Delivers all that Stripe has to say; the statuses that we answered."""
    return [status for _, status in sandbox.deliver(post=poster(client), **kwargs)]


def books(gift):
    """What is written about a gift, without the keys and moments of our own."""
    gift = Gift.objects.get(pk=gift.pk)
    ours = {"id", "entered_at", "confirmed_at", "payment_id", "changed_at", "version", "queued_at", "key"}

    def plain(rows):
        return [{name: value for name, value in row.items() if name not in ours} for row in rows.values()]

    payments = gift.payments.order_by("remote_id")
    return {
        "gift": plain(Gift.objects.filter(pk=gift.pk)),
        "payments": plain(payments),
        "refunds": [plain(payment.refunds.order_by("remote_id")) for payment in payments],
        "disputes": [plain(payment.disputes.order_by("remote_id")) for payment in payments],
        "receipts": [list(payment.mails.values_list("kind", flat=True)) for payment in payments],
    }


def everything():
    """Every row of every table of giving, with its version."""
    models = apps.get_app_config("donations").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def only_payment():
    return Payment.objects.get()
