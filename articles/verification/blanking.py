"""Whether words are gone where two people removed them, and nowhere else."""

from articles import content
from articles.models import Event
from articles.models.verbs.removing import SAID_BESIDE


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
    blankings = [(number, event) for event in story.told({"confirm_blank"}) for number in event.data["revisions"]]
    confirmed, first = dict(blankings), dict(reversed(blankings))
    of_numbers = {revision.pk: revision.number for revision in story.revisions}
    for revision in story.revisions:
        words = "its words went" if revision.is_blanked else "its words are still there"
        right = revision.is_blanked == (revision.number in confirmed)
        yield from story.unless(right, revision, f"{words}, and the history tells otherwise.")
    for version in story.versions:
        event = first.get(of_numbers.get(version.revision_id))
        told = (event.at, event.data.get("code")) if event else (None, None)
        words = content.only(version.stored(), content.OF_A_BLANK)
        empty = content.clean(version.stored()) == words and not version.public_note
        right = (version.blanked_at, version.blanked_code) == told
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
