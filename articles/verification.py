"""Whether the history agrees with itself: hashes, numbers, and rows that tell of the same thing. Changes nothing.

A finding names rows, people's keys and times; no word of a story, so that a report may be passed on.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction

from . import content
from .models import Article, Event, Publication, Review
from .models.verbs.removing import SAID_BESIDE
from .workflow import MOVES_UPDATED, VERBS, Status

AT_A_TIME = 50  # stories held in memory, and kept still, at once
LISTS = (
    "revisions",
    "reviews",
    "events",
    "publications__bylines",
    "publications__topics",
    "takedowns",
    "blankings",
    "bylines",
    "topics",
)
SAVES = {"save", "restore", "discard"}
WRITES = {"publish", "schedule", "publish_unreviewed", "confirm_retraction", "reinstate", "import"}
OPENS = {
    Review.Subject.CONTENT: "submit",
    Review.Subject.RETRACTION: "propose_retraction",
    Review.Subject.EMERGENCY: "publish_unreviewed",
}
ENDS = {"unschedule", "reopen", "confirm_retraction", "take_down", "publish_unreviewed", "confirm_blank"}
DECIDES = {
    (Review.Subject.CONTENT, Review.Outcome.APPROVED): "approve",
    (Review.Subject.CONTENT, Review.Outcome.CHANGES_REQUESTED): "request_changes",
    (Review.Subject.CONTENT, Review.Outcome.WITHDRAWN): "withdraw",
    (Review.Subject.RETRACTION, Review.Outcome.APPROVED): "confirm_retraction",
    (Review.Subject.RETRACTION, Review.Outcome.WITHDRAWN): "drop_retraction",
    (Review.Subject.EMERGENCY, Review.Outcome.APPROVED): "confirm_emergency",
    (Review.Subject.EMERGENCY, Review.Outcome.OBJECTED): "object_to_emergency",
}


@dataclass(frozen=True)
class Finding:
    row: str
    words: str

    def __str__(self):
        return f"{self.row}: {self.words}"


def findings(articles, counted):
    """Yield what does not agree in `articles` (a queryset); `counted` (a Counter) learns how many rows were read."""
    keys = articles.order_by("pk").values_list("pk", flat=True).iterator()
    while some := list(islice(keys, AT_A_TIME)):
        yield from _of(some, counted)


def _of(keys, counted):
    """Of these stories, whose verbs wait meanwhile: what is half done would not agree."""
    with transaction.atomic():
        stories = Article.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
        found = []
        for article in stories.prefetch_related(*LISTS):
            story = Story(article)
            counted.update(story.counted)
            found += [finding for look in CHECKS for finding in look(story)]
    return found


class Story:
    """Everything that is kept of one story."""

    def __init__(self, article):
        self.article = article
        self.revisions, self.reviews = list(article.revisions.all()), list(article.reviews.all())
        self.events, self.versions = list(article.events.all()), list(article.publications.all())
        self.takedowns, self.blankings = list(article.takedowns.all()), list(article.blankings.all())
        self.revision = {revision.pk: revision for revision in self.revisions}
        self.seen = [version for version in self.versions if version.visible_until != version.visible_from]
        self.counted = Counter(stories=1, revisions=len(self.revisions), reviews=len(self.reviews))
        self.counted.update(events=len(self.events), versions=len(self.versions))
        for event in self.events:
            event.data = event.data if isinstance(event.data, dict) else {}  # bent, and told by what it no longer says

    def told(self, verbs, at=None, actor=None, **data):
        """The events of `verbs`, at that moment and by that person where they are given, whose data say `data`."""
        return [
            event
            for event in self.events
            if event.verb in verbs
            and at in {None, event.at}
            and actor in {None, event.actor_id}
            and all(event.data.get(name) == value for name, value in data.items())
        ]

    def finding(self, row, words):
        kind = "version" if isinstance(row, Publication) else row._meta.verbose_name
        number = getattr(row, "number", None) or getattr(row, "version", None)
        which = f"{kind} {number}" if number else kind
        return Finding(f"story {self.article.pk}, {which} ({row._meta.db_table} {row.pk})", words)

    def unless(self, is_so, row, words):
        return [] if is_so else [self.finding(row, words)]


# --- Each check yields what it finds in a story ---------------------------------------------------------------------


def numbers_have_no_gaps(story):
    for what, rows in (("revisions", story.revisions), ("events", story.events), ("versions", story.versions)):
        has = {row.version if what == "versions" else row.number for row in rows}
        if gaps := sorted(set(range(1, max(has, default=0) + 1)) - has):
            yield Finding(f"story {story.article.pk}", f"{what} {', '.join(map(str, gaps))} are not there.")


def revisions_hold(story):
    for revision in story.revisions:
        if not revision.is_blanked and not _gives(revision.content, revision.sha256):
            yield story.finding(revision, "its words do not give its hash.")
        if not story.told(SAVES, revision.at, revision.by_id):
            yield story.finding(revision, "no event tells who saved it then.")
    for event in story.told(SAVES):
        saved = any((revision.at, revision.by_id) == (event.at, event.actor_id) for revision in story.revisions)
        yield from story.unless(saved, event, "it tells of a revision that is not there.")


def _gives(words, sha256, **signed):
    return isinstance(words, dict) and content.digest_of_stored(words, **signed) == sha256


def reviews_hold(story):
    for review in story.reviews:
        yield from story.unless(_signs(story, review), review, "what it is about does not give the hash it signs.")
        opened = story.told({OPENS[review.subject]}, review.submitted_at, review.submitted_by_id, **_opened(review))
        yield from story.unless(opened, review, "no event tells who opened it then.")
        if review.outcome:
            yield from story.unless(_decided(story, review), review, "no event tells who decided it so.")


def _opened(review):
    return {} if review.subject == Review.Subject.RETRACTION else {"kind": review.kind}


def _signs(story, review):
    revision = story.revision.get(review.revision_id)
    if revision is None or revision.is_blanked:
        return revision is not None  # its words are gone, and the note with them
    words = revision.content
    if review.subject == Review.Subject.RETRACTION:
        words = content.only(words, content.OF_A_NOTICE)
    return _gives(words, review.sha256, kind=review.kind, public_note=review.public_note)


def _decided(story, review):
    verb = DECIDES.get((review.subject, review.outcome))
    if review.outcome == Review.Outcome.SUPERSEDED:
        return any((event.at, event.actor_id) == (review.decided_at, review.decided_by_id) for event in story.events)
    said = {"sha256": review.sha256} if verb in {"approve", "confirm_retraction"} else {}
    said |= {"comment": review.comment} if review.comment else {}
    return verb and story.told({verb}, review.decided_at, review.decided_by_id, **said)


def reviews_are_there(story):
    """No review that the events tell of is gone."""
    opened = {(OPENS[review.subject], review.submitted_at, review.submitted_by_id) for review in story.reviews}
    decided = {
        (DECIDES.get((review.subject, review.outcome)), review.decided_at, review.decided_by_id)
        for review in story.reviews
    }
    for verbs, known in ((set(OPENS.values()), opened), (set(DECIDES.values()), decided)):
        for event in story.told(verbs):
            known_so = (event.verb, event.at, event.actor_id) in known
            yield from story.unless(known_so, event, "the review that it tells of is not there, or is not so.")


def versions_hold(story):
    for version in story.versions:
        signed = {"kind": version.kind, "public_note": version.public_note}
        intact = version.blanked_at or _gives(version.stored(), version.sha256, **signed)
        yield from story.unless(intact, version, "its words do not give its hash.")
        events = story.told(WRITES, version=version.version)
        if len(events) != 1:
            yield story.finding(version, f"{len(events)} events tell that it was published, instead of one.")
        elif not _tells(events[0], version):
            yield story.finding(version, f"event {events[0].number} tells of another kind, hash, time or person.")
        yield from story.unless(_is_signed(story, version), version, "no review signed its words for these people.")
    there = {version.version for version in story.versions}
    for event in story.told(WRITES | {"fire"}):
        yield from story.unless(event.data.get("version") in there, event, "it tells of a version that is not there.")


def _tells(event, version):
    told = (event.data.get("kind"), event.data.get("sha256"), event.verb == "publish_unreviewed")
    if told != (version.kind, version.sha256, version.emergency_by_id is not None):
        return False
    if event.verb == "schedule":
        return _moment(event.data.get("at")) == version.visible_from
    who = {"publish_unreviewed": version.emergency_by_id, "confirm_retraction": version.approved_by_id}
    in_time = event.at == version.visible_from or event.verb == "import"
    return in_time and event.actor_id == who.get(event.verb, event.actor_id)


def _moment(text):
    return datetime.fromisoformat(text) if text else None


def _is_signed(story, version):
    """Whether a review says what the version says of its signatures. What was imported has none."""
    if version.import_batch:
        return True
    by, sha256 = version.approved_by_id, version.approved_sha256 or version.sha256
    subject = {Review.Subject.CONTENT, Review.Subject.RETRACTION}
    if version.emergency_by_id:
        subject = {Review.Subject.EMERGENCY}
    return any(
        (review.sha256, review.revision_id, review.kind) == (sha256, version.revision_id, version.kind)
        and review.subject in subject
        and review.submitted_by_id == (version.submitted_by_id or version.emergency_by_id)
        and (by is None or (review.outcome, review.decided_by_id) == (Review.Outcome.APPROVED, by))
        for review in story.reviews
    )


def times_hold(story):
    """One version after the other, without gap or overlap; the dates that readers see come from them (R8)."""
    for version, following in zip(story.seen, [*story.seen, None][1:], strict=True):
        ends = following.visible_from if following else None
        yield from story.unless(version.visible_until == ends, version, "it does not end where the next one begins.")
    for version in story.versions:
        if version not in story.seen and not _was_stopped(story, version):
            yield story.finding(version, "nobody is said to have seen it, and no event took it off the schedule.")
    for previous, version in zip([None, *story.seen], story.seen, strict=False):
        if not version.import_batch:
            yield from story.unless(_dated(previous, version), version, "its dates are not what they were.")


def _was_stopped(story, version):
    """Whether it was scheduled and an event ended that before another one scheduled the story again."""
    if any(other.version > version.version and other.visible_from == version.visible_from for other in story.versions):
        return True  # the next one began in the same instant
    scheduled = story.told({"schedule"}, version=version.version)
    if not scheduled:
        return False
    after = [event for event in story.events if event.number > scheduled[0].number]
    until = next((event.number for event in after if event.verb in {"schedule", "fire"}), None)
    stops = story.told(ENDS) + story.told({"embargo"}, unscheduled=True)
    return any(scheduled[0].number < event.number and (until is None or event.number < until) for event in stops)


def the_status_follows(story):
    """Where the events lead by the table of verbs is where the story stands."""
    status = Status.DRAFT
    for event in story.events:
        status = _led(story, event, status)
    yield from story.unless(story.article.status == status, story.article, f"its events lead to “{status.label}”.")


def _led(story, event, status):
    if event.verb == "restore":
        return Status.DRAFT
    if event.verb == "import":
        return Status.PUBLISHED
    if event.verb == "embargo" and event.data.get("unscheduled"):
        return Status.APPROVED
    if event.verb == "confirm_blank":
        return _blanked(story, event, status)
    verb = VERBS.get(event.verb)
    targets = [move.target for move in verb.moves if status in move.sources] if verb else []
    return (targets and targets[0]) or status


def _blanked(story, event, status):
    """Where a blanking leaves the story: with other words if the latest went, with nothing public if that went."""
    before, numbers = event.number, event.data.get("revisions", [])
    latest = sum(other.number < before for other in story.told(SAVES))
    if latest in numbers and status != Status.SPIKED:
        return Status.DRAFT
    scheduled = [other.data.get("version") for other in story.told({"schedule"}) if other.number < before]
    of = {version.version: story.revision.get(version.revision_id) for version in story.versions}
    waiting = of.get(scheduled[-1]) if scheduled and status == Status.SCHEDULED else None
    if any(takedown.at == event.at for takedown in story.takedowns) or (waiting and waiting.number in numbers):
        return {Status.SCHEDULED: Status.APPROVED, Status.PUBLISHED: Status.DRAFT}.get(status, status)
    return status


def _dated(previous, version):
    if previous is None:
        return version.first_published == version.visible_from and version.updated in {None, version.visible_from}
    updated = version.visible_from if version.kind in MOVES_UPDATED else previous.updated
    return (version.first_published, version.updated) == (previous.first_published, updated)


def schedules_hold(story):
    waiting = story.seen[-1:] if story.article.status == Status.SCHEDULED else []
    for version in story.versions:
        said = {"version": version.version, "kind": version.kind, "sha256": version.sha256}
        fired, due = len(story.told({"fire"}, **said)), 0
        if story.told({"schedule"}, version=version.version) and version in story.seen and version not in waiting:
            due = 1
        yield from story.unless(fired == due, version, f"{fired} events tell that its time came, instead of {due}.")


def takedowns_hold(story):
    for takedown in story.takedowns:
        said = {"code": takedown.code}
        told = story.told({"take_down"}, takedown.at, takedown.by_id, **said)
        told = told or story.told({"confirm_blank"}, takedown.at, **said)
        yield from story.unless(told, takedown, "no event tells who took the story down then.")
        if takedown.lifted_at:
            back = story.told({"reinstate"}, takedown.lifted_at, takedown.lifted_by_id)
            yield from story.unless(back, takedown, "no event tells who reinstated the story then.")
    there = {(takedown.at, takedown.by_id) for takedown in story.takedowns}
    for event in story.told({"take_down"}):
        yield from story.unless((event.at, event.actor_id) in there, event, "the takedown it tells of is not there.")


def blankings_hold(story):
    for blanking in story.blankings:
        said = {"revisions": blanking.revisions, "code": blanking.code}
        proposed = story.told({"propose_blank"}, blanking.proposed_at, blanking.proposed_by_id, **said)
        yield from story.unless(proposed, blanking, "no event tells who proposed it then.")
        if blanking.is_done is not None:
            verb = {"confirm_blank"} if blanking.is_done else {"drop_blank"}
            decided = story.told(verb, blanking.decided_at, blanking.decided_by_id)
            yield from story.unless(decided, blanking, "no event tells who decided it then.")
    done = {(it.decided_at, it.decided_by_id, it.code): it for it in story.blankings if it.is_done}
    for event in story.told({"confirm_blank"}):
        blanking = done.get((event.at, event.actor_id, event.data.get("code")))
        agrees = blanking and set(blanking.revisions) <= set(event.data["revisions"])
        yield from story.unless(agrees, event, "the blanking that it tells of is not there, or is another one.")


def what_is_blanked_was_blanked_by_two(story):
    """No word went without a blanking, and none that should have gone is left."""
    confirmed = {number: event for event in story.told({"confirm_blank"}) for number in event.data["revisions"]}
    of_numbers = {revision.pk: revision.number for revision in story.revisions}
    for revision in story.revisions:
        words = "its words went" if revision.is_blanked else "its words are still there"
        right = revision.is_blanked == (revision.number in confirmed)
        yield from story.unless(right, revision, f"{words}, and the history tells otherwise.")
    for version in story.versions:
        event = confirmed.get(of_numbers.get(version.revision_id))
        words = content.only(version.stored(), content.OF_A_BLANK)
        empty = content.clean(version.stored()) == words and not version.public_note
        right = (version.blanked_at is not None) == (event is not None)
        yield from story.unless(right and (empty or not event), version, "it is not blanked as the history tells.")
    for review in story.reviews:
        event = confirmed.get(of_numbers.get(review.revision_id))
        says = review.public_note or (review.comment and review.decided_at <= event.at) if event else False
        yield from story.unless(not says, review, "what was said beside blanked words is still there.")
    for event in story.events:
        honest = not event.data.get("blanked") or (not Event.TYPED & set(event.data) and _was_emptied(story, event))
        yield from story.unless(honest, event, "it says that words of it are gone, and nobody blanked any.")


def _was_emptied(story, event):
    """Whether a later blanking took its words: with all that is said beside a story, or with a review that went."""
    for blanking in story.told({"confirm_blank"}):
        if blanking.number > event.number and (event.verb in SAID_BESIDE or event.at in _moments(story, blanking)):
            return True
    return False


def _moments(story, blanking):
    """When the reviews of what that event blanked were opened and decided."""
    gone = {pk for pk, revision in story.revision.items() if revision.number in blanking.data.get("revisions", [])}
    reviews = [review for review in story.reviews if review.revision_id in gone]
    return {moment for review in reviews for moment in (review.submitted_at, review.decided_at)}


def the_working_copy_is_the_latest_revision(story):
    if story.revisions:
        words, latest = story.article.stored(), story.revisions[-1]
        if latest.is_blanked:
            same = content.clean(words) == content.only(words, content.OF_A_BLANK)
        else:
            same = _gives(words, latest.sha256)
        yield from story.unless(same, story.article, f"its working copy is not revision {latest.number}.")


CHECKS = (
    numbers_have_no_gaps,
    revisions_hold,
    reviews_hold,
    reviews_are_there,
    versions_hold,
    times_hold,
    the_status_follows,
    schedules_hold,
    takedowns_hold,
    blankings_hold,
    what_is_blanked_was_blanked_by_two,
    the_working_copy_is_the_latest_revision,
)
