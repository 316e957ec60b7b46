import re
from datetime import date, datetime, time, timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.reconcile import inspect
from donations.stripe_gateway import StripeTrouble

HOW = "Write hours as 12h, days as 35d, or a day as 2026-10-01."
UNITS = {"h": "hours", "d": "days"}


class Command(BaseCommand):
    help = (
        "Hold Stripe's books against ours, and with --fix put ours right. "
        "Ends with an error where they differ or cannot be compared."
    )

    def add_arguments(self, parser):
        parser.add_argument("--since", default="35d", help="how far back: 12h, 35d or 2026-10-01 (default: 35d)")
        parser.add_argument("--fix", action="store_true", help="book what differs; without it nothing is written")

    def handle(self, *, since, fix, **options):
        now = timezone.now()
        try:
            report = inspect(moment(since, now), fix=fix, now=now)
        except StripeTrouble as trouble:
            raise CommandError(f"{trouble}. What was booked stays; run it again.") from trouble
        for line in report.lines():
            self.stdout.write(line)
        if report.remaining:
            what = "remain" if fix else "were found; --fix puts right what can be"
            raise CommandError(f"{report.remaining} differences {what}.")
        if report.is_blind:
            raise CommandError(f"{agrees_but_for(report)} A payment may be missing in our books and not be found.")
        self.stdout.write(agrees_but_for(report) if report.unasked else "Our books say what Stripe's say.")


def agrees_but_for(report):
    missing = len(report.unasked)
    return f"What could be asked agrees; {missing} of Stripe's lists could not be had."


def moment(text, now):
    """The instant that `--since` means: so long ago, or midnight of a day in the newsroom's zone."""
    try:
        if found := re.fullmatch(r"(\d+)([hd])", text):
            since = now - timedelta(**{UNITS[found[2]]: int(found[1])})
        else:
            since = timezone.make_aware(datetime.combine(date.fromisoformat(text), time.min))
        since.timestamp()
    except (ValueError, OverflowError) as wrong:
        raise CommandError(f"--since {text} is no time to look back to. {HOW}") from wrong
    if since >= now:
        raise CommandError(f"--since {text} is not in the past. {HOW}")
    return since
