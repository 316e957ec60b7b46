from django.core.management.base import BaseCommand, CommandError

from donations.models import Campaign
from donations.tallies import differences, recount


class Command(BaseCommand):
    help = "Compares the sums kept for each campaign and day with its payments; --fix counts those anew that differ."

    def add_arguments(self, parser):
        parser.add_argument("--fix", action="store_true", help="count anew what differs")

    def handle(self, *, fix, **options):
        campaigns, wrong = list(Campaign.objects.all()), 0
        for campaign in campaigns:
            found = differences(campaign)
            wrong += bool(found)
            for difference in found:
                self.stdout.write(difference)
            if found and fix:
                recount(campaign)
        if wrong:
            done = "They were counted anew." if fix else "`check_tallies --fix` counts them anew."
            raise CommandError(f"Campaigns whose sums were not what their rows say: {wrong}. {done}")
        self.stdout.write(f"The sums of {len(campaigns)} campaigns are what their rows say.")
