from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.models import Campaign
from donations.tallies import inspect


class Command(BaseCommand):
    help = "Compares the sums kept for each campaign and day with its payments; --fix counts those anew that differ."

    def add_arguments(self, parser):
        parser.add_argument("--fix", action="store_true", help="count anew what differs")

    def handle(self, *, fix, **options):
        wrong = inspect(timezone.now(), fix=fix)
        for found in wrong.values():
            for difference in found:
                self.stdout.write(difference)
        if wrong:
            done = "They were counted anew." if fix else "`check_tallies --fix` counts them anew."
            raise CommandError(f"Campaigns whose sums were not what their rows say: {len(wrong)}. {done}")
        self.stdout.write(f"The sums of {Campaign.objects.count()} campaigns are what their rows say.")
