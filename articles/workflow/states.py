"""The words of the workflow: where a story may stand, who people are to it, and what a public version is."""

from enum import StrEnum


class Status(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    SPIKED = "spiked"

    @property
    def label(self):
        return self.value.replace("_", " ").capitalize()


class PublicState(StrEnum):
    NEVER = "never public"
    UP = "up"
    RETRACTED = "retracted"
    DOWN = "down"


class Role(StrEnum):
    """J acts on own articles (creator, assignee, or in the byline with a login); E and M on every article they see.

    The clock is nobody: it fires what was scheduled.
    """

    JOURNALIST = "journalist"
    EDITOR = "editor"
    MANAGING = "managing editor"
    CLOCK = "clock"


class Kind(StrEnum):
    """What a public version is to readers. Those in `MOVES_UPDATED` move the date that readers see as "Updated"."""

    FIRST = "first"
    TYPO = "typo"
    UPDATE = "update"
    CLARIFICATION = "clarification"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    REINSTATEMENT = "reinstatement"
    IMPORT = "import"

    @property
    def label(self):
        return {"first": "First publication"}.get(self.value, self.value.capitalize())

    @property
    def told(self):
        """What it is called where readers are told of it."""
        words = {"first": "First published", "import": "First published", "typo": "Typing error mended"}
        return (words | {"reinstatement": "Published again"}).get(self.value, self.label)


MOVES_UPDATED = frozenset({Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION, Kind.RETRACTION})
CHANGES_TO_A_LIVE_STORY = frozenset({Kind.TYPO, Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION})
TOLD_IN_PUBLIC = frozenset({Kind.CLARIFICATION, Kind.CORRECTION, Kind.RETRACTION})  # on the list of corrections
NEEDS_A_NOTE_TO_READERS = frozenset({Kind.CLARIFICATION, Kind.CORRECTION})

EDITORS = frozenset({Role.EDITOR, Role.MANAGING})
ALL = EDITORS | {Role.JOURNALIST}
MANAGING = frozenset({Role.MANAGING})
NOT_DOWN = frozenset({PublicState.NEVER, PublicState.UP})
LAST_SECONDS = 5  # before its time, in which a scheduled version can no longer be stopped
SHORTEST_EMERGENCY_REASON = 20  # characters; the database holds it too


class Matter(StrEnum):
    """What two people decide together: one opens it, another one closes it. At most one of each is open per story."""

    CONTENT = "content"
    RETRACTION = "retraction"
    EMERGENCY = "emergency"
    BLANKING = "blanking"
