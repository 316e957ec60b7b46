"""Stripe's own books held against ours: what was lost on the way is found, and with `fix` put right.

Everything goes through attribution and the ledger, as a message does. What is as it should be is not written again, so
a second run writes no row of the ledger.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from donations import inspections
from donations.models import Inspection
from donations.stripe_gateway import StripeTrouble
from outbox.discreet import in_brief

from .report import Drift, Report, Sum, table
from .run import Run

log = logging.getLogger(__name__)
EVERY_NIGHT: Final = timedelta(days=35)  # longer than Stripe keeps events

__all__ = ["EVERY_NIGHT", "Drift", "Report", "Run", "Sum", "inspect", "nightly", "reconcile", "table"]


def reconcile(since: datetime, *, fix: bool, now: datetime) -> Report:
    """Compares all that happened at Stripe since an instant, and all of ours that is not final.

    Call it outside any transaction. Raises StripeTrouble where Stripe cannot be asked at all; what was booked stays.
    """
    return Run(since, fix=fix, now=now).go()


def inspect(since: datetime, *, fix: bool, now: datetime) -> Report:
    """The same, kept for staff to read. Raises as `reconcile` does, and keeps that too."""
    with inspections.look(Inspection.Kind.RECONCILE, now=now, since=since, fixed=fix) as seen:
        seen.blind = True  # where Stripe falls silent on the way
        report = reconcile(since, fix=fix, now=now)
        seen.found, seen.remaining, seen.blind = report.found(), report.remaining, report.is_blind
    return report


def nightly() -> Report | None:
    """What the worker does; None where giving is switched off, or where Stripe cannot be asked: then tomorrow."""
    if not settings.STRIPE_SECRET_KEY:
        return None
    now = timezone.now()
    try:
        report = inspect(now - EVERY_NIGHT, fix=True, now=now)
    except StripeTrouble as trouble:
        log.error("Our books could not be held against Stripe's to the end: %s", in_brief(trouble))
        return None
    if report.is_blind:
        lists = ", ".join(report.unasked)
        log.error("A payment may be missing in our books, for Stripe's lists cannot be had: %s", lists)
    for each in report.sums:
        if each.difference:
            log.error("Our sums differ from Stripe's: %s", each)
    for drift in report.drift:
        log.log(logging.ERROR if drift.remains else logging.WARNING, "Our books differed from Stripe's: %s", drift)
    return report
