"""What the worker's clock does. Queued tasks are hints and may be lost; these sweeps find what is due in the rows.

Hours are UTC, so "every night" need not be the newsroom's.
"""

import logging

from django.contrib.sessions.models import Session
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import HUEY, db_periodic_task

from articles import mails as mails_to_staff
from articles import renditions, schedule
from articles.models.mail import owe_reminders
from donations import breaker, closing, endpoint, ledger, reconcile, retention, tallies, webhooks
from donations import mails as mails_to_givers

log = logging.getLogger(__name__)

SWEEPS = (
    ("stories whose time has come", schedule.keep_time),
    ("pictures without renditions", renditions.make_missing),
    ("pictures taken from readers", renditions.remove_off_show),
    ("events that failed or were not finished", webhooks.process_inbox),
    ("attempts to pay that fail, and gifts that are paused for it", breaker.look),
    ("payment pages on which too many cards were refused", breaker.close_pages),
    ("payments whose fee was not known yet", ledger.complete_fees),
    ("campaigns whose last day is over", closing.tend),
    ("mails that are owed to givers", mails_to_givers.send_due),
    ("what went out without review and nobody has confirmed", owe_reminders),
    ("mails that are owed to staff", mails_to_staff.send_due),
)


@db_periodic_task(crontab(minute="*"))
@HUEY.lock_task("sweep")
def sweep():
    """Every minute, each in turn; an error in one is logged and delays no other."""
    for what, run in SWEEPS:
        try:
            run(timezone.now())
        except Exception:
            log.exception("The sweep for %s failed; it is tried again in a minute.", what)


@db_periodic_task(crontab(minute="*"))
@HUEY.lock_task("clock")
def clock():
    """The schedule once more by itself: a long sweep, or a mail server that hangs, must not make it late."""
    schedule.keep_time(timezone.now())


@db_periodic_task(crontab(hour="3", minute="40"))
@HUEY.lock_task("tallies")
def tend_tallies():
    """Every night the kept sums are held against the payments; a wrong one is an error of ours, and is logged."""
    for found in tallies.inspect(timezone.now(), fix=True).values():
        for difference in found:
            log.error("A kept sum was wrong and has been counted anew. %s", difference)


@db_periodic_task(crontab(hour="3", minute="17"))
@HUEY.lock_task("reconcile")
def compare_with_stripe():
    """Once a night, by itself: thousands of questions to Stripe would keep the minute's sweep from its work."""
    reconcile.nightly()


@db_periodic_task(crontab(hour="4", minute="5"))
@HUEY.lock_task("endpoint")
def ask_where_messages_go():
    """Once a day, for Stripe switches off an endpoint that fails for days, and nobody would hear of it."""
    endpoint.nightly()


@db_periodic_task(crontab(hour="4", minute="25"))
@HUEY.lock_task("forgotten pictures")
def remove_forgotten_pictures():
    """The minute's sweep asks for stories that something was removed of; once a night the whole archive is asked."""
    renditions.remove_forgotten(timezone.now())


def remove_ended_sessions(now):
    return Session.objects.filter(expire_date__lt=now).delete()[0]


OLD_THINGS = (*retention.RULES, ("sessions that had ended", remove_ended_sessions))


@db_periodic_task(crontab(hour="4", minute="45"))
@HUEY.lock_task("retention")
def remove_what_is_old():
    """Every night what nobody needs any more goes (docs/privacy.md); an error in one rule delays no other."""
    for what, remove in OLD_THINGS:
        try:
            if number := remove(timezone.now()):
                log.info("Removed, of %s: %s.", what, number)
        except Exception:
            log.exception("The %s could not be removed; it is tried again tomorrow.", what)
