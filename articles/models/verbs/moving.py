"""How every verb is done: the row is locked and settled, the table judges, the change is made and recorded.

All of it happens in one transaction. A refused verb leaves every row alone.
"""

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic

from django.db import transaction

from articles.models.history import OTHER_EVENTS, Event
from articles.models.mail import owe
from articles.workflow import VERBS, Facts, MoveNotAllowed, Role, Status, judge

# What leaves status and words alone, and therefore makes no form stale.
BESIDE_THE_WORDS = set(OTHER_EVENTS) | {
    verb.name for verb in VERBS.values() if all(move.target is None for move in verb.moves)
}
BESIDE_THE_WORDS -= {"start", "restore", "confirm_blank"}
BEING_WRITTEN = frozenset({Status.DRAFT, Status.CHANGES_REQUESTED})


SOON = 0.5  # seconds that the waiting for a row may take before it counts


class ArticleChanged(Exception):
    """The story moved on since the form was opened. Nothing was stored; `article` is what stands there now.

    `meanwhile` says who did what: "Tomas Lindqvist requested changes".
    """

    def __init__(self, article):
        self.article, self.meanwhile = article, _done_last(article)
        super().__init__(f"{self.meanwhile} after you opened it. Your text was not saved and is still below.")


def _done_last(article):
    last = article.events.select_related("actor").exclude(verb__in=BESIDE_THE_WORDS).last()
    return f"{last.actor.get_full_name() or last.actor} {last.words}" if last.actor else last.words


class _Move:
    """What a verb's body learns (the facts it was judged by) and leaves (what the Event keeps)."""

    def __init__(self, facts, now):
        self.facts, self.data, self.cancelled = facts, {}, False
        self.now = now  # when the row was at hand: somebody else may have held it for seconds
        self.target = None  # where the table leaves it to the body
        self.rewritten = False  # whether the working copy's words are others now
        self.event = None  # where the history has another name for it than the verb's


def tend_pictures(keys):
    """A hint to the worker that these pictures went on show, or off.

    The sweep finds them if it is lost, so a queue that is down stops nobody.
    """
    for key in keys:
        transaction.on_commit(partial(_tend_renditions, key), robust=True)


def pictures_of(rows):
    """The keys of the pictures that `rows` (of a story, of a version) name."""
    return rows.values_list("picture", flat=True)


def _tend_renditions(picture_id):
    from articles.tasks import tend_renditions

    tend_renditions(picture_id)


class Moving:
    def record(self, verb, by, now, **data):
        """Add to the story's history and owe the mails that tell of it; `by` is None for the clock.

        The row is locked, so that numbers have no gaps.
        """
        last = self.events.order_by("number").last()
        event = Event(article=self, number=last.number + 1 if last else 1, verb=verb, actor=by, at=now, data=data)
        event.data["seal"] = event.seal_after(last.seal if last else "")
        event.save()
        owe(event)
        return event

    @contextmanager
    def _verb(self, name, by, now, lock_version=None):
        with transaction.atomic():
            now = self._lock(now)
            self._settle(now)
            move = _Move(self.facts(by, now), now)
            target = judge(name, move.facts)  # first: where the story stands says more than that it has moved on
            if lock_version is not None and lock_version != self.lock_version:
                raise ArticleChanged(self)
            if not by.has_perm(VERBS[name].permission):
                raise MoveNotAllowed(f"Your account may not use “{VERBS[name].label}”. Ask a managing editor.")
            yield move
            if not move.cancelled:
                self._move_to(move.target or target, rewritten=move.rewritten)
                self.record(move.event or name, by, now, **move.data)

    def _lock(self, now=None):
        """Wait for the row and read it afresh. Returns `now`, later by the seconds that this took."""
        asked = monotonic()
        locked = type(self).objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
        self.__dict__.update({field.attname: getattr(locked, field.attname) for field in self._meta.concrete_fields})
        self._state.fields_cache.clear()
        self._prefetched_objects_cache = {}
        waited = monotonic() - asked
        return now + timedelta(seconds=waited) if now and waited > SOON else now

    def _settle(self, now):
        """A scheduled version whose time has come is already seen by readers: say so before judging anything.

        True where this booked it.
        """
        due = self.publications.due(now).first()
        if due:
            self._move_to(judge("fire", Facts(Status(self.status), roles=frozenset({Role.CLOCK}))))
            self.record("fire", None, now, version=due.version, kind=due.kind, sha256=due.sha256)
            tend_pictures(pictures_of(due.pictures))
        return due is not None

    def _move_to(self, status, *, rewritten=False):
        """To `status`. Forms that are open go stale, but for a change that leaves status and words as they are."""
        if status != self.status or rewritten:
            self.status, self.lock_version = status.value, self.lock_version + 1
            if status not in BEING_WRITTEN:  # nobody's signature is awaited any more
                self.to_sign = None
            self.save(update_fields=["status", "lock_version", "to_sign"])
