"""Whether what readers saw, and when, is what was signed and what the events tell."""

from datetime import datetime

from articles.models import Review
from articles.models.kept import WORDS_GONE
from articles.models.verbs.publishing import begins
from articles.models.verbs.removing import BLANKED
from articles.workflow import MOVES_UPDATED, Kind, Status

from .story import gives

WRITES = {"publish", "schedule", "publish_unreviewed", "confirm_retraction", "reinstate", "import"}
ENDS = {"unschedule", "reopen", "confirm_retraction", "take_down", "publish_unreviewed", "confirm_blank"}


def versions_hold(story):
    for version in story.versions:
        signed = {"kind": version.kind, "public_note": version.public_note}
        intact = version.blanked_at or gives(version.stored(), version.sha256, **signed)
        yield from story.unless(intact, version, "its words do not give its hash.")
        events = story.told(WRITES, version=version.version)
        if len(events) != 1:
            yield story.finding(version, f"{len(events)} events tell that it was published, instead of one.")
        elif not _tells(story, events[0], version):
            yield story.finding(version, f"event {events[0].number} tells of another kind, hash, time or person.")
        elif not _says_why(events[0], version):
            yield story.finding(version, f"event {events[0].number} tells of another reason for the emergency.")
        yield from story.unless(_is_signed(story, version), version, "no review signed its words for these people.")
    there = {version.version for version in story.versions}
    for event in story.told(WRITES | {"fire"}):
        yield from story.unless(event.data.get("version") in there, event, "it tells of a version that is not there.")


def _tells(story, event, version):
    told = (event.data.get("kind"), event.data.get("sha256"), event.verb == "publish_unreviewed")
    if told != (version.kind, version.sha256, version.emergency_by_id is not None):
        return False
    if event.verb == "schedule":
        return _began(story, version, _moment(event.data.get("at")))
    who = {"publish_unreviewed": version.emergency_by_id, "confirm_retraction": version.approved_by_id}
    in_time = event.verb == "import" or _began(story, version, event.at)
    return in_time and event.actor_id == who.get(event.verb, event.actor_id)


def _began(story, version, at):
    earlier = [other for other in story.seen if other.version < version.version]
    return at is not None and version.visible_from == begins(at, earlier[-1] if earlier else None)


def _says_why(event, version):
    """Whether its reason is the event's, which loses its words too where others of that moment are blanked."""
    if version.emergency_by_id is None or (event.data.get("blanked") and not version.blanked_at):
        return True
    return version.emergency_reason == (WORDS_GONE if version.blanked_at else event.data.get("reason"))


def embargoes_hold(story):
    """A story and each of its versions bear the embargo that was last set; a notice is nobody's scoop."""
    embargo, borne = None, {}
    for event in story.events:
        embargo = _moment(event.data.get("until")) if event.verb == "embargo" else embargo
        if event.verb in WRITES:
            borne[event.data.get("version")] = embargo
    yield from story.unless(story.article.embargo == embargo, story.article, "its embargo is not what was set.")
    for version in story.versions:
        own = None if version.kind == Kind.RETRACTION else borne.get(version.version)
        yield from story.unless(version.embargo == own, version, "its embargo is not what held then.")


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


def _dated(previous, version):
    if previous is None:
        return version.first_published == version.visible_from and version.updated in {None, version.visible_from}
    updated = version.visible_from if version.kind in MOVES_UPDATED else previous.updated
    return (version.first_published, version.updated) == (previous.first_published, updated)


def schedules_hold(story):
    waiting = story.seen[-1:] if story.article.status == Status.SCHEDULED else []
    for version in story.versions:
        said = {"version": version.version, "kind": version.kind, "sha256": version.sha256}
        fired, due = sum(event.at >= version.visible_from for event in story.told({"fire"}, **said)), 0
        if story.told({"schedule"}, version=version.version) and version in story.seen and version not in waiting:
            due = 1
        yield from story.unless(fired == due, version, f"{fired} events tell that its time came, instead of {due}.")


def takedowns_hold(story):
    for takedown in story.takedowns:
        events = story.told({"take_down", "confirm_blank"}, takedown.at, code=takedown.code)
        told = any(_tells_of_takedown(story, event, takedown) for event in events)
        yield from story.unless(told, takedown, "no event tells who took the story down then, and why.")
        if takedown.lifted_at:
            back = story.told({"reinstate"}, takedown.lifted_at, takedown.lifted_by_id)
            yield from story.unless(back, takedown, "no event tells who reinstated the story then.")
    there = {(takedown.at, takedown.code) for takedown in story.takedowns}
    for event in story.told({"take_down"}) + story.told({"confirm_blank"}, taken_down=True):
        known = (event.at, event.data.get("code")) in there
        yield from story.unless(known, event, "the takedown it tells of is not there.")


def _tells_of_takedown(story, event, takedown):
    """By whom and why. With a blanking the story goes down in the name of who proposed it.

    A reason that somebody typed just like that of a blanking goes from the event alone.
    """
    if event.verb == "confirm_blank":
        proposers = {blanking.proposed_by_id for blanking in story.blankings if blanking.decided_at == event.at}
        return takedown.by_id in proposers and takedown.reason == BLANKED
    reasons = [WORDS_GONE, BLANKED] if event.data.get("blanked") else [event.data.get("reason")]
    return takedown.by_id == event.actor_id and takedown.reason in reasons
