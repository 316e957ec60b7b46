"""Whether a story stands where its events lead: the whole history is played again, by the table of verbs."""

from articles.workflow import VERBS, Status

from .story import SAVES


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
