from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.endpoint import address, inspect
from donations.stripe_gateway import StripeTrouble


class Command(BaseCommand):
    help = "Asks Stripe where it sends its messages, and says what is wrong: none, several, disabled, version, types."

    def handle(self, **options):
        try:
            seen = inspect(timezone.now())
        except StripeTrouble as trouble:
            raise CommandError(f"Stripe could not be asked, because: {trouble}") from trouble
        for line in seen.found:
            self.stdout.write(line)
        if seen.remaining:
            raise CommandError(f"{seen.remaining} to put right, so that every message comes to {address()}.")
        if not seen.found:
            self.stdout.write(f"Stripe sends all that we book to {address()}.")
