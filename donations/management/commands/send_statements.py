from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.issuing import YearNotOver, issue, to_be_issued


class Command(BaseCommand):
    help = (
        "Owes everybody who gave something in a year, and has an e-mail address, the statement of that year; the "
        "worker mails it. Whoever has it already gets no second one, so it can be run again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--year", type=int, required=True, help="a year that is over, in the newsroom's time zone")
        parser.add_argument("--dry-run", action="store_true", help="only say how many would get one")

    def handle(self, *, year, dry_run, **options):
        if not 2000 <= year <= 2999:
            raise CommandError(f"{year} is no year that anybody gave in. Type it like --year 2026.")
        if dry_run:
            number = to_be_issued(year).count()
            self.stdout.write(f"Statements of {year} that would be mailed: {number}. Nothing was done.")
            return
        try:
            new = issue(year, timezone.now())
        except YearNotOver as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Statements of {year} that are mailed now: {new}.")
