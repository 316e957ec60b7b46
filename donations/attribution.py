"""Whose money is it? From what Stripe calls an object to the gift of ours that it belongs to.

Nothing is looked up by an e-mail address, an amount, or an id that is not there.
"""

from dataclasses import dataclass
from uuid import UUID

from .models import Dispute, Gift, Payment, Refund
from .stripe_gateway import Gateway


@dataclass(frozen=True)
class Hint:
    """What there may be to book: for which gift, and which of Stripe's objects.

    Without a gift, `intents` is money that names none of ours. `of_a_giver`: its customer has given before.
    """

    gift: UUID | None
    intents: tuple[str, ...] = ()
    session: str = ""
    subscription: str = ""
    invoice: str = ""
    of_a_giver: bool = False


def our_gift(key: str) -> UUID | None:
    """The gift that metadata of ours names, if it is one of those that go through Stripe."""
    try:
        wanted = UUID(key)
    except ValueError:
        return None
    return Gift.objects.filter(pk=wanted, livemode__isnull=False).values_list("pk", flat=True).first()


def of_intent(intent_id: str, gateway: Gateway) -> Hint:
    """A one-off PaymentIntent carries our metadata; one of a monthly gift is reached through its invoice."""
    known = Payment.objects.filter(remote_id=intent_id).values_list("gift", flat=True).first()
    if known:
        return Hint(known, intents=(intent_id,))
    intent = gateway.intent(intent_id)
    named = our_gift(intent.gift)
    if named:
        return Hint(named, intents=(intent_id,))
    for invoice_id in gateway.invoices_of_intent(intent_id):
        hint = of_invoice(invoice_id, gateway)
        if hint.gift:
            return hint
    is_money = bool(intent.amount_received) or intent.status == "processing"
    return Hint(None, intents=(intent_id,) if is_money else (), of_a_giver=is_a_givers(intent.customer))


def is_a_givers(customer_id: str) -> bool:
    gifts = Gift.objects.filter(stripe_customer=customer_id).exclude(status__in=Gift.UNPAID)
    return bool(customer_id) and gifts.exists()


def of_charge(charge_id: str, gateway: Gateway) -> Hint:
    return of_optional_intent(intent_of_charge(charge_id, gateway), gateway)


def of_refund(refund_id: str, gateway: Gateway) -> Hint:
    return of_optional_intent(intent_of_refund(refund_id, gateway), gateway)


def of_dispute(dispute_id: str, gateway: Gateway) -> Hint:
    return of_optional_intent(intent_of_dispute(dispute_id, gateway), gateway)


def intent_of_charge(charge_id: str, gateway: Gateway) -> str:
    """Empty where a charge was made without a PaymentIntent, as long ago."""
    ours = Payment.objects.filter(charge_id=charge_id).exclude(charge_id="")
    return ours.values_list("remote_id", flat=True).first() or gateway.charge(charge_id).payment_intent


def intent_of_refund(refund_id: str, gateway: Gateway) -> str:
    known = Refund.objects.filter(remote_id=refund_id).values_list("payment__remote_id", flat=True).first()
    return known or gateway.refund(refund_id).payment_intent


def intent_of_dispute(dispute_id: str, gateway: Gateway) -> str:
    known = Dispute.objects.filter(remote_id=dispute_id).values_list("payment__remote_id", flat=True).first()
    return known or gateway.dispute(dispute_id).payment_intent


def of_optional_intent(intent_id: str | None, gateway: Gateway) -> Hint:
    return of_intent(intent_id, gateway) if intent_id else Hint(None)


def of_session(session_id: str, gateway: Gateway) -> Hint:
    """A session that we stored, or, while our own request has not been answered yet, one that names our gift."""
    known = Gift.objects.filter(session_id=session_id).values_list("pk", flat=True).first()
    return Hint(known or our_gift(gateway.session(session_id).gift), session=session_id)


def of_subscription(subscription_id: str, gateway: Gateway) -> Hint:
    known = Gift.objects.filter(stripe_subscription=subscription_id).values_list("pk", flat=True).first()
    return Hint(known or our_gift(gateway.subscription(subscription_id).gift), subscription=subscription_id)


def of_customer(customer_id: str, gateway: Gateway) -> list[Hint]:
    """The monthly gifts of a customer that go on. Which they are we know ourselves: Stripe is not asked for it."""
    if not customer_id:
        return []
    gifts = Gift.objects.going_on().filter(stripe_customer=customer_id, stripe_subscription__isnull=False)
    return [Hint(gift.pk, subscription=gift.stripe_subscription or "") for gift in gifts.order_by("begun_at", "pk")]


def of_invoice(invoice_id: str, gateway: Gateway) -> Hint:
    """A monthly gift's invoice leads through its subscription; another invoice is none of ours."""
    subscription = gateway.invoice(invoice_id).subscription
    if not subscription:
        return Hint(None)
    return Hint(of_subscription(subscription, gateway).gift, subscription=subscription, invoice=invoice_id)
