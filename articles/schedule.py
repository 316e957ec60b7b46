"""The clock of the newsroom: it books what readers see by time alone, and says aloud when it is late (R10).

Readers need none of this, for a scheduled version is visible at its second. The history, the mails and the pictures'
copies do.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connections
from django.db.models import Q

from . import moments
from .mails import tell_of_outage
from .models import Heartbeat, Publication
from .models.mail import owe_for_failure

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)
TRY_AGAIN = timedelta(minutes=10)  # to send what could not be sent of an outage's mails
CLOCK = "clock"  # the row of the clock's own beats
ASKED = "first asked"  # the row that says since when somebody has been waiting for a first beat
NOT_STARTED = "The worker has not started yet."
UNBOOKED = "A scheduled story has not been booked at its time."


# --- The worker's part -----------------------------------------------------------------------------------------------


@dataclass
class Round:
    """What one round of the clock did: versions that it booked, and those where that failed."""

    fired: list = field(default_factory=list)
    failed: list = field(default_factory=list)


def keep_time(now):
    """What the worker does every minute: a round, and the beat that says so."""
    publish_due(now)
    beat(now)


def publish_due(now):
    """Book every scheduled version whose time has come, each in turn: an error in one delays no other."""
    done = Round()
    for publication in list(Publication.objects.due(now).select_related("article").order_by("visible_from", "pk")):
        try:
            if publication.article.fire(now=now):
                done.fired.append(publication)
        except Exception:
            log.exception("Story %s could not be booked at its time; tried again in a minute.", publication.article_id)
            done.failed.append(publication)
            _owe_for(publication, now)
    return done


def _owe_for(publication, now):
    try:
        owe_for_failure(publication, now)
    except Exception:  # a mail that cannot be written must not keep the next story from being booked
        log.exception("Nobody could be told that story %s was not booked.", publication.article_id)


def beat(now):
    """The clock has done a round; an outage, if there was one, is over."""
    Heartbeat.objects.update_or_create(name=CLOCK, defaults={"beat_at": now, "outage_told_at": None})


# --- The web's part --------------------------------------------------------------------------------------------------


def late(now):
    """Why the schedule cannot be relied on at `now`, in a sentence; empty while all is well.

    Before the first beat ever, the two minutes are counted from when somebody first asked.
    """
    heard = _last_heard(now)
    if heard.beat_at < now - LATE:
        return _silence(heard, now)
    return UNBOOKED if Publication.objects.due(now - LATE).exists() else ""


def _silence(heard, now):
    if heard.name == ASKED:
        return NOT_STARTED
    return f"The worker’s clock was last heard {moments.from_now(heard.beat_at, now)}."


def _last_heard(now):
    rows = {row.name: row for row in Heartbeat.objects.all()}
    return (
        rows.get(CLOCK) or rows.get(ASKED) or Heartbeat.objects.get_or_create(name=ASKED, defaults={"beat_at": now})[0]
    )


def notice(now):
    """`late`, and where the clock is silent, the mails of it: once per outage, by one of the processes that notice.

    They are sent beside the page, not before it: the mail server may be slow, and the page has to be there.
    """
    trouble = late(now)
    if trouble and trouble != UNBOOKED and (beat_at := _claim(now)):
        beside(_tell, beat_at, now)
    return trouble


def _claim(now):
    """When the clock was last heard, for the one process that tells of it; None for the others."""
    heard = _last_heard(now)
    untold = Q(outage_told_at__isnull=True) | Q(outage_told_at__lt=now - TRY_AGAIN)
    rows = Heartbeat.objects.filter(untold, pk=heard.pk, beat_at=heard.beat_at)
    return heard.beat_at if rows.update(outage_told_at=now) else None


def _tell(beat_at, now):
    try:
        log.error("The worker’s clock is silent since %s; %s mails sent.", beat_at, tell_of_outage(beat_at, now))
    except Exception:  # a page has been answered already; the banner stays, and it is tried again later
        log.exception("Nobody could be told that the worker’s clock is silent.")


def beside(run, *args):
    """Call `run` in a thread of its own, which leaves no database connection open."""

    def alone():
        try:
            run(*args)
        finally:
            connections.close_all()

    threading.Thread(target=alone, daemon=True).start()
