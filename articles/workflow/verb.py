"""What a row of the verb table says: who may move a story from where to where, and in which words."""

from dataclasses import dataclass

from .states import Matter, PublicState, Status


@dataclass(frozen=True)
class Move:
    """One way a verb may go: from any of `sources` to `target` (None: it stays), by whoever holds one of `roles`."""

    sources: frozenset
    target: Status | None
    roles: frozenset


@dataclass(frozen=True)
class Verb:
    """A row of the verb table. Buttons, permissions, models and tests all read it from here."""

    name: str
    label: str
    moves: tuple
    public_states: frozenset = frozenset(PublicState)
    journalist_is_submitter: bool = False  # a journalist only as the one who submitted
    not_by_submitter: bool = False
    journalist_never_submitted: bool = False  # a journalist only while nobody has submitted it
    comment_required: bool = False
    reason_required: bool = False
    opens: Matter | None = None  # refused while one is open
    closes: Matter | None = None  # refused while none is open
    not_by_opener: bool = False  # of what it closes: two people decide
    past: str = ""  # what the story's history says: "Ana Reyes submitted it"
    says: str = ""  # what stands beside its button: what will happen
    said: str = ""  # what the desk says once it is done; {story} is the headline

    @property
    def permission(self):
        return f"articles.{self.name}_article"

    @property
    def sources(self):
        return frozenset().union(*(move.sources for move in self.moves))

    @property
    def roles(self):
        return frozenset().union(*(move.roles for move in self.moves))


def one_move(name, label, sources, target, roles, **rules):
    """A verb that goes one way only."""
    return Verb(name, label, (Move(frozenset(sources), target, frozenset(roles)),), **rules)


def ends_the_present(verb_name, label, roles, **rules):
    """What is public ends: the working copy no longer equals it, and nothing is scheduled to follow it."""
    stays = frozenset(Status) - {Status.PUBLISHED, Status.SCHEDULED} - rules.pop("back_to_draft", frozenset())
    to_draft = frozenset(Status) - stays - {Status.SCHEDULED}
    moves = (
        Move(stays, None, roles),
        Move(to_draft, Status.DRAFT, roles),
        Move(frozenset({Status.SCHEDULED}), Status.APPROVED, roles),
    )
    return Verb(verb_name, label, moves, **rules)
