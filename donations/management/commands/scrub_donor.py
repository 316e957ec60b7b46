from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.giving.erasing import erase, still_asking
from donations.ledger import NotBooked
from donations.models import Donor, Gift
from donations.stripe_gateway import StripeTrouble, stripe_url

STAYS = (
    "Goes: the e-mail address, the name on every gift, why a gift was stopped, whether the newsroom may write, links, "
    "mails that are not sent yet, and name and address in what staff noted.\n"
    "Stays: that somebody gave, how much, when, to which campaign and from which story; so no figure moves. The gifts "
    "keep Stripe's ids, by which money can be given back."
)
AT_STRIPE = (
    "Stripe keeps a record of its own. Delete these customers in its dashboard, or it goes on knowing name, address "
    "and card:"
)


class Command(BaseCommand):
    help = "Remove whatever says who a giver was; what they gave stays in every figure. It cannot be taken back."

    def add_arguments(self, parser):
        parser.add_argument(
            "giver", help="an e-mail address, or the id that stands in the address of the giver's page"
        )
        parser.add_argument(
            "--stop", action="store_true", help="stop their monthly gifts first, at Stripe and at once"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")

    def handle(self, *, giver, stop, yes, **options):
        donor = found(giver)
        gifts, asking = donor.gifts.count(), still_asking(donor)
        self.stdout.write(
            f"{donor}: {gifts} gift{'' if gifts == 1 else 's'}, known since {donor.created_at:%d %B %Y}."
        )
        if asking and not stop:
            raise CommandError(
                f"{in_words(asking)}. Nobody could stop this once the giver is removed. Ask them, then run it again "
                "with --stop."
            )
        self.stdout.write(STAYS)
        if not yes and not self.is_meant(asking):
            raise CommandError("Nothing was done.")
        self.remove(donor)
        self.tell_of_stripe(donor)

    def is_meant(self, asking):
        if asking:
            self.stdout.write(f"{in_words(asking)}. That is stopped first.")
        try:
            return input("This cannot be taken back. Type yes to remove this giver: ").strip().lower() == "yes"
        except EOFError as nobody:
            raise CommandError("Nothing was done: nobody answered. Add --yes where nobody can be asked.") from nobody

    def remove(self, donor):
        try:
            erase(donor, timezone.now())
        except (StripeTrouble, NotBooked) as trouble:
            raise CommandError(f"{trouble}. The giver was not removed; run it again.") from trouble
        self.stdout.write(f"Removed. The row {donor.pk} stays, without name and address.")

    def tell_of_stripe(self, donor):
        rows = donor.gifts.exclude(stripe_customer=None).order_by("stripe_customer")
        customers = rows.values_list("stripe_customer", "livemode").distinct()
        if not customers:
            return
        self.stdout.write(AT_STRIPE)
        for customer, live in customers:
            self.stdout.write(f"  {stripe_url(customer, live=live) or customer}")


def found(giver):
    """The donor of an address or id that was typed; a CommandError says what to type instead."""
    try:
        rows = Donor.objects.filter(pk=UUID(giver))
    except ValueError:
        if "@" not in giver:
            raise CommandError(f"{giver!r} is neither an e-mail address nor an id. Type one of the two.") from None
        rows = Donor.objects.with_email(giver)
    donor = rows.first()
    if donor is None:
        raise CommandError(f"No giver has {giver!r}. Somebody who was removed has no address; use the id.")
    return donor


def in_words(gifts: list[Gift]) -> str:
    """What would still be charged."""
    mine = [gift for gift in gifts if gift.livemode == settings.STRIPE_LIVE]
    other = "" if len(mine) == len(gifts) else " (of the other mode: it needs that mode's key)"
    return f"Still asks for money: {'; '.join(str(gift) for gift in gifts)}{other}"
