"""What nobody needs any more goes by itself, every night: gifts that were never paid, messages, links.

No figure counts any of it, and docs/privacy.md names the same times. Each rule can be run again at any time. It
removes a few hundred rows at once, so that nobody waits for it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from .health import delivered
from .models import Donor, Gift, GivingLink, Payment, SentMail, WebhookEvent

NEVER_PAID_FOR: Final = timedelta(days=365)
MESSAGES_FOR: Final = timedelta(days=90)
LINKS_FOR: Final = timedelta(days=30)
JUST_MADE: Final = timedelta(days=1)  # a giver whose first gift may be about to be written
AT_ONCE: Final = 500


def removed(rows: Callable[[], QuerySet[Any]], remove: Callable[[list[Any]], int]) -> int:
    """Removes all `rows`, some at a time, each time in a transaction of its own; says how many went."""
    total = 0
    while keys := list(rows().order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            gone = remove(keys)
        total += gone
        if not gone:  # they have changed meanwhile: tomorrow is another night
            break
    return total


def held(model: type[Model], keys: list[Any]) -> list[Any]:
    """Those of these rows that nobody else holds, held until the transaction ends. So the night waits for nobody."""
    rows = model._default_manager.filter(pk__in=keys).select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True))


# --- Gifts that were never paid ------------------------------------------------------------------------------------


def never_paid(now: datetime) -> QuerySet[Gift]:
    """Gifts begun a year ago of which no money came, nor can come; not those that a message still speaks of."""
    money = Q(status__in=[Payment.Status.PENDING, Payment.Status.SUCCEEDED])
    moved = Payment.objects.filter(money | Q(refunds__isnull=False) | Q(disputes__isnull=False))
    may_charge = Q(stripe_subscription__isnull=False, ended_at=None) & ~Q(subscription_status="incomplete_expired")
    not_booked = Q(session_status="complete", status=Gift.Status.BEGUN)
    old = Gift.objects.filter(status__in=Gift.UNPAID, begun_at__lt=now - NEVER_PAID_FOR)
    told = WebhookEvent.objects.filter(gift=OuterRef("pk"))
    of_this = moved.filter(gift=OuterRef("pk"))
    return old.exclude(may_charge).exclude(not_booked).exclude(Exists(of_this)).exclude(Exists(told))


def remove_never_paid(now: datetime) -> int:
    def remove(keys: list[Any]) -> int:
        gone = list(never_paid(now).filter(pk__in=held(Gift, keys)).values_list("pk", flat=True))
        SentMail.objects.filter(Q(gift__in=gone) | Q(payment__gift__in=gone)).delete()
        Payment.objects.filter(gift__in=gone).delete()
        return Gift.objects.filter(pk__in=gone).delete()[0]

    return removed(lambda: never_paid(now), remove)


def remove_forgotten_givers(now: datetime) -> int:
    """Givers of whom no gift is left."""

    def nothing_left() -> QuerySet[Donor]:
        return Donor.objects.filter(gifts=None, created_at__lt=now - JUST_MADE)

    def remove(keys: list[Any]) -> int:
        gone = list(nothing_left().filter(pk__in=held(Donor, keys)).values_list("pk", flat=True))
        SentMail.objects.filter(donor__in=gone).delete()
        GivingLink.objects.filter(donor__in=gone).delete()
        return Donor.objects.filter(pk__in=gone).delete()[0]

    return removed(nothing_left, remove)


# --- Messages from Stripe ------------------------------------------------------------------------------------------


def done_with(now: datetime) -> QuerySet[WebhookEvent]:
    """Messages that were settled long ago and that nothing is decided by any more.

    Stripe delivers for three days and can be asked for thirty, so none of them comes again.
    """
    settled = [WebhookEvent.State.PROCESSED, WebhookEvent.State.IGNORED]
    old = WebhookEvent.objects.filter(state__in=settled, received_at__lt=now - MESSAGES_FOR)
    last = delivered().order_by("-received_at").values("pk")[:1]  # silence is measured from it
    strangers = WebhookEvent.objects.unattributed().values("pk")
    about_seconds = Q(type__startswith="customer.subscription.", object_id__in=second_subscriptions())
    kept = Q(pk__in=list(last.values_list("pk", flat=True))) | Q(pk__in=strangers) | about_seconds
    return old.exclude(kept | Q(pk__in=second_pages()))


def second_subscriptions() -> QuerySet[Any, Any]:
    """Subscriptions beside their gift's own, also those that ended: without the last message they would look open."""
    about = WebhookEvent.objects.filter(type__startswith="customer.subscription.", gift__isnull=False)
    return about.exclude(object_id=F("gift__stripe_subscription")).values("object_id")


def second_pages() -> QuerySet[Any, Any]:
    """Messages of a payment page that led to its gift only by them: its giver is thanked there for ever."""
    about = WebhookEvent.objects.filter(type__startswith="checkout.session.", gift__isnull=False)
    return about.exclude(gift__status__in=Gift.UNPAID).exclude(object_id=F("gift__session_id")).values("pk")


def remove_messages(now: datetime) -> int:
    def remove(keys: list[Any]) -> int:
        return WebhookEvent.objects.filter(pk__in=keys).delete()[0]

    return removed(lambda: done_with(now), remove)


# --- Links to a giver's own page -----------------------------------------------------------------------------------


def remove_links(now: datetime) -> int:
    """Links, each good for half an hour, and the mails that brought them."""

    def mails() -> QuerySet[SentMail]:
        return SentMail.objects.filter(kind=SentMail.Kind.SIGN_IN, queued_at__lt=now - LINKS_FOR)

    def links() -> QuerySet[GivingLink]:
        return GivingLink.objects.filter(made_at__lt=now - LINKS_FOR)

    removed(mails, lambda keys: mails().filter(pk__in=keys).delete()[0])
    return removed(links, lambda keys: links().filter(pk__in=keys).delete()[0])


RULES: Final = (  # in this order: a message holds its gift, and a gift its giver
    ("messages from Stripe", remove_messages),
    ("links to givers' own pages", remove_links),
    ("gifts that were never paid", remove_never_paid),
    ("givers of whom nothing was left", remove_forgotten_givers),
)
