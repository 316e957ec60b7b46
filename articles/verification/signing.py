"""Whether revisions and reviews hold what was signed, and the events tell of each of them."""

from articles import content
from articles.models import Review

from .story import SAVES, Finding, gives

OPENS = {
    Review.Subject.CONTENT: "submit",
    Review.Subject.RETRACTION: "propose_retraction",
    Review.Subject.EMERGENCY: "publish_unreviewed",
}
DECIDES = {
    (Review.Subject.CONTENT, Review.Outcome.APPROVED): "approve",
    (Review.Subject.CONTENT, Review.Outcome.CHANGES_REQUESTED): "request_changes",
    (Review.Subject.CONTENT, Review.Outcome.WITHDRAWN): "withdraw",
    (Review.Subject.RETRACTION, Review.Outcome.APPROVED): "confirm_retraction",
    (Review.Subject.RETRACTION, Review.Outcome.WITHDRAWN): "drop_retraction",
    (Review.Subject.EMERGENCY, Review.Outcome.APPROVED): "confirm_emergency",
    (Review.Subject.EMERGENCY, Review.Outcome.OBJECTED): "object_to_emergency",
}


def numbers_have_no_gaps(story):
    for what, rows in (("revisions", story.revisions), ("events", story.events), ("versions", story.versions)):
        has = {row.version if what == "versions" else row.number for row in rows}
        if gaps := sorted(set(range(1, max(has, default=0) + 1)) - has):
            yield Finding(f"story {story.article.pk}", f"{what} {', '.join(map(str, gaps))} are not there.")


def revisions_hold(story):
    for revision in story.revisions:
        if not revision.is_blanked and not gives(revision.content, revision.sha256):
            yield story.finding(revision, "its words do not give its hash.")
        saved = story.told(SAVES, revision.at, revision.by_id)
        if not saved:
            yield story.finding(revision, "no event tells who saved it then.")
        elif not any(_is_told(story, revision, event) for event in saved):
            yield story.finding(revision, "its event tells of another hash, or of other words brought back.")
    for event in story.told(SAVES):
        saved = any((revision.at, revision.by_id) == (event.at, event.actor_id) for revision in story.revisions)
        yield from story.unless(saved, event, "it tells of a revision that is not there.")


def _is_told(story, revision, event):
    """Whether the event tells of this revision. Older ones say less."""
    former = story.revision.get(revision.restored_from_id)
    number = former.number if former else None
    told = (event.data.get("sha256", revision.sha256), event.data.get("restored_from", number))
    return told == (revision.sha256, number) and (event.verb != "restore" or number is not None)


def events_hold(story):
    """Every event is what was recorded, after those before it."""
    seal = ""
    for event in story.events:
        right = event.seal == event.seal_after(seal)
        yield from story.unless(right, event, "it, or the one before it, is not as it was recorded.")
        seal = event.seal


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
    return gives(words, review.sha256, kind=review.kind, public_note=review.public_note)


def _decided(story, review):
    verb = DECIDES.get((review.subject, review.outcome))
    at, by = review.decided_at, review.decided_by_id
    if review.outcome == Review.Outcome.SUPERSEDED:
        return not review.comment and any((event.at, event.actor_id) == (at, by) for event in story.events)
    said = {"sha256": review.sha256} if verb in {"approve", "confirm_retraction"} else {}
    decisions = story.told({verb}, at, by, **said)
    return any(event.data.get("comment", "") == review.comment for event in decisions)


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


def the_working_copy_is_the_latest_revision(story):
    if story.revisions:
        words, latest = story.article.stored(), story.revisions[-1]
        if latest.is_blanked:
            same = content.clean(words) == content.only(words, content.OF_A_BLANK)
        else:
            same = gives(words, latest.sha256)
        yield from story.unless(same, story.article, f"its working copy is not revision {latest.number}.")
