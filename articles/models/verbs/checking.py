"""The checklist of a story: what editors let pass, and what was asked of the law. Not words of the story."""

from contextlib import contextmanager

from django.db import transaction
from django.utils.dateformat import format as date_format
from django.utils.timezone import localtime

from articles.checklist import Known, about, checklist, problems
from articles.workflow import MoveNotAllowed, Status

from .moving import Moving

MAY = "articles.waive_check"
SIGNED = frozenset({Status.APPROVED, Status.SCHEDULED})
LONGEST_REASON = LONGEST_NOTE = 200  # characters
LONGEST_NAME = 80


class Checking(Moving):
    def known(self, dead_links=()):
        """What the checklist asks of rows; `dead_links` are looked up by whoever shows them."""
        return Known(
            dead_links=tuple(dead_links),
            legal=self.legal,
            legal_words=self.legal_words,
            legal_sha256=self.legal_revision.sha256 if self.legal_revision else "",
            waivers={waiver.item: waiver for waiver in self.open_waivers()},
        )

    def open_waivers(self):
        return self.waivers.filter(lifted_at__isnull=True).select_related("by") if self.pk else []

    @property
    def legal_words(self):
        """Where the legal check stands, as sentences; empty where none is needed."""
        if self.legal == "required":
            note = f" “{self.legal_note}”" if self.legal_note else ""
            return f"{_name(self.legal_by)} asked for a legal check on {_day(self.legal_at)}.{note}"
        if self.legal == "done":
            recorded = f"recorded by {_name(self.legal_by)} on {_day(self.legal_at)}"
            return f"Revision {self.legal_revision.number} was checked by {self.legal_note}; {recorded}."
        return ""

    def waive(self, key, *, by, now, reason):
        """Let the story pass the blocking item `key` of its checklist, for `reason`. Returns the Waiver."""
        with self._recording(by):
            item = self._item_to_waive(key)
            reason = said_briefly(reason, LONGEST_REASON, "Say why this may pass: the approving editor reads it.")
            waiver = self.waivers.create(item=key, reason=reason, by=by, at=now)
            self.record("waive", by, now, says=item.label, reason=reason)
            return waiver

    def unwaive(self, key, *, by, now):
        """Take the waiver of item `key` back; what it let pass keeps the story from being submitted again."""
        with self._recording(by):
            if not self.waivers.filter(item=key).lift(by=by, now=now):
                raise MoveNotAllowed(f"There is no waiver for “{about(key)}” any more.")
            self.record("unwaive", by, now, says=about(key))

    def require_legal_check(self, *, by, now, note=""):
        """Let these words not be submitted or approved before the law was asked. `note` says what to look at."""
        with self._recording(by):
            if self.legal == "required":
                raise MoveNotAllowed("A legal check is required already.")
            if self.status in SIGNED:
                raise MoveNotAllowed("These words are approved already. Reopen the story, then require a legal check.")
            self._put_legal("required", by, now, note=_short(note, LONGEST_NOTE))

    def drop_legal_check(self, *, by, now):
        """Say that no legal check is needed."""
        with self._recording(by):
            if self.legal == "not_needed":
                raise MoveNotAllowed("No legal check is required.")
            self._put_legal("not_needed", by, now)

    def record_legal_check(self, *, by, now, done_by, revision, note=""):
        """Record that `done_by` (a name) has checked the words of revision number `revision`."""
        with self._recording(by):
            done_by = said_briefly(done_by, LONGEST_NAME, "Say who did the legal check: a name, or a law firm.")
            checked = self.revisions.filter(number=revision, content__isnull=False).first()
            if checked is None:
                raise MoveNotAllowed("Say which words were checked: this story has no such revision.")
            note = _short(note, LONGEST_NOTE)
            self._put_legal("done", by, now, note=f"{done_by} (“{note}”)" if note else done_by, revision=checked)

    @contextmanager
    def _recording(self, by):
        if not by.has_perm(MAY):
            raise MoveNotAllowed("What may pass, and what the law was asked, is recorded by editors.")
        with transaction.atomic():
            self._lock()
            yield

    def _item_to_waive(self, key):
        item = next((item for item in checklist(self.content(), self.known()) if item.key == key), None)
        if item is None or not item.blocks:
            raise MoveNotAllowed(f"There is nothing to waive at “{about(key)}”: it is in order, or waived already.")
        if not item.may_be_waived:
            raise MoveNotAllowed(f"“{item.label.capitalize()}” cannot be waived. {item.problem}")
        return item

    def _put_legal(self, state, by, now, *, note="", revision=None):
        self.legal, self.legal_note, self.legal_by, self.legal_at = state, note, by, now
        self.legal_revision = revision
        self.save(update_fields=["legal", "legal_note", "legal_by", "legal_at", "legal_revision"])
        said = {"revision": revision.number} if revision else {}
        words = f"{self.get_legal_display().lower()}{f', {note}' if note else ''}"
        self.record("legal_check", by, now, says=words, **said)

    def _refuse_unfinished(self, revision):
        if revision is None or revision.is_blanked:
            raise MoveNotAllowed("There is nothing to submit yet: save the story first.")
        if missing := problems(revision.content, self.known()):
            raise MoveNotAllowed(" ".join(missing))

    def _refuse_legally_open(self):
        if self.legal == "required":
            raise MoveNotAllowed(f"{self.legal_words} Record it when it is done, then approve.")


def said_briefly(words, longest, problem):
    """`words` in one line, refused with `problem` where there are none, and where they are too long."""
    if not words.strip():
        raise MoveNotAllowed(problem)
    return _short(words, longest)


def _short(words, longest):
    words = " ".join(words.split())
    if len(words) > longest:
        raise MoveNotAllowed(f"That is {len(words)} characters long; at most {longest} fit. Say it shorter.")
    return words


def _name(person):
    return person.get_full_name() or person.get_username()


def _day(moment):
    return date_format(localtime(moment), "F j, Y")
