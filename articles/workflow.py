"""Where a story may stand and what may happen to it, as plain data. No database: facts go in, a verdict comes out.

Two machines, not one. *Status* says where the working copy stands. The *public state* says what readers see, and is
read from publications and takedowns, never stored: a live story keeps its page while its next version is written.
"""

from dataclasses import dataclass, field
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
    """J acts on own articles (creator, assignee, or in the byline with a login); E and M on every article they see."""

    JOURNALIST = "journalist"
    EDITOR = "editor"
    MANAGING = "managing editor"


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


MOVES_UPDATED = frozenset({Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION, Kind.RETRACTION})
CHANGES_TO_A_LIVE_STORY = frozenset({Kind.TYPO, Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION})
NEEDS_A_NOTE_TO_READERS = frozenset({Kind.CLARIFICATION, Kind.CORRECTION})

ALL = frozenset(Role)
EDITORS = frozenset({Role.EDITOR, Role.MANAGING})
NOT_DOWN = frozenset({PublicState.NEVER, PublicState.UP})


@dataclass(frozen=True)
class Move:
    """One way a verb may go: from any of `sources` to `target`, by whoever holds one of `roles`."""

    sources: frozenset
    target: Status
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
    past: str = ""  # what the story's history says: "Ana Reyes submitted it"
    says: str = ""  # what stands beside its button: what will happen
    said: str = ""  # what the desk says once it is done; {story} is the headline

    @property
    def permission(self):
        return f"articles.{self.name}_article"

    @property
    def sources(self):
        return frozenset().union(*(move.sources for move in self.moves))


def _verb(name, label, sources, target, roles, **rules):
    return Verb(name, label, (Move(frozenset(sources), target, frozenset(roles)),), **rules)


S = Status
VERBS = {
    verb.name: verb
    for verb in (
        _verb(
            "save",
            "Save",
            {S.DRAFT, S.CHANGES_REQUESTED, S.PUBLISHED},
            S.DRAFT,
            ALL,
            past="saved it",
            says="What you typed is stored as a new revision. Readers see nothing of it yet.",
            said="Saved.",
        ),
        _verb(
            "discard",
            "Discard changes",
            {S.DRAFT, S.CHANGES_REQUESTED},
            S.PUBLISHED,
            ALL,
            public_states=frozenset({PublicState.UP}),
            past="discarded the changes",
            says="The working copy becomes the public version again. What you saved stays in the history.",
            said="Changes discarded. The working copy is the public version again.",
        ),
        _verb(
            "submit",
            "Submit for review",
            {S.DRAFT, S.CHANGES_REQUESTED},
            S.IN_REVIEW,
            ALL,
            past="submitted it for review",
            says="An editor reads the words as they were last saved. They stand still meanwhile.",
            said="Submitted. An editor reads it next.",
        ),
        _verb(
            "withdraw",
            "Withdraw from review",
            {S.IN_REVIEW},
            S.DRAFT,
            ALL,
            journalist_is_submitter=True,
            past="withdrew it from review",
            says="The story leaves the queue and can be changed again.",
            said="Back in draft. It is no longer in the queue.",
        ),
        _verb(
            "request_changes",
            "Request changes",
            {S.IN_REVIEW},
            S.CHANGES_REQUESTED,
            EDITORS,
            not_by_submitter=True,
            comment_required=True,
            past="requested changes",
            says="The story goes back to its author with your comment.",
            said="“{story}” went back to its author with your comment.",
        ),
        _verb(
            "approve",
            "Approve",
            {S.IN_REVIEW},
            S.APPROVED,
            EDITORS,
            not_by_submitter=True,
            past="approved it",
            says="You sign these words. Nothing is public until somebody publishes them.",
            said="Approved. Nothing is public yet.",
        ),
        Verb(
            "reopen",
            "Reopen",
            (Move(frozenset({S.APPROVED}), S.DRAFT, ALL), Move(frozenset({S.SCHEDULED}), S.DRAFT, EDITORS)),
            past="reopened it",
            says="The approval is taken back. The words can be changed and are read again.",
            said="Reopened. It has to be submitted and approved again.",
        ),
        _verb(
            "publish",
            "Publish",
            {S.APPROVED},
            S.PUBLISHED,
            EDITORS,
            public_states=NOT_DOWN,
            past="published it",
            says="Readers see the approved words at once, and no others.",
            said="“{story}” is published. Readers see it now.",
        ),
        _verb(
            "spike",
            "Spike",
            {S.DRAFT, S.CHANGES_REQUESTED},
            S.SPIKED,
            ALL,
            public_states=frozenset({PublicState.NEVER}),
            journalist_never_submitted=True,
            past="spiked it",
            says="The story is put away. It can be brought back.",
            said="Spiked. You find it under “Spiked” on your desk.",
        ),
        _verb(
            "unspike",
            "Bring back",
            {S.SPIKED},
            S.DRAFT,
            ALL,
            public_states=frozenset({PublicState.NEVER}),
            journalist_never_submitted=True,
            past="brought it back",
            says="The story becomes a draft again.",
            said="Back among the drafts.",
        ),
    )
}


class MoveNotAllowed(Exception):
    """A verb was refused. The message is a sentence for the person who tried; nothing was changed."""


@dataclass(frozen=True)
class Facts:
    """All that a verdict depends on: the story, and what the person is to it."""

    status: Status
    public: PublicState = PublicState.NEVER
    roles: frozenset = field(default_factory=frozenset)
    own: bool = False
    submitter: bool = False
    ever_submitted: bool = False


def judge(name, facts):
    """The status that verb `name` leads to, given `facts`; raises `MoveNotAllowed` with a sentence otherwise."""
    verb = VERBS[name]
    moves = [move for move in verb.moves if facts.status in move.sources]
    if not moves:
        allowed = " or ".join(sorted(Status(s).label.lower() for s in verb.sources))
        raise MoveNotAllowed(
            f"“{verb.label}” is for a story that is {allowed}; this one is {Status(facts.status).label.lower()}."
        )
    if facts.public not in verb.public_states:
        raise MoveNotAllowed(f"“{verb.label}” is not for a story whose public state is “{facts.public}”.")
    refusal = _refuse_person(verb, facts, moves)
    if refusal:
        raise MoveNotAllowed(refusal)
    return moves[0].target


def _refuse_person(verb, facts, moves):
    roles = facts.roles & frozenset().union(*(move.roles for move in moves))
    if verb.not_by_submitter and facts.submitter:
        return f"You submitted this story, so “{verb.label}” is for another editor: two people sign what goes out."
    if roles & EDITORS:
        return None
    if Role.JOURNALIST not in roles:
        return f"“{verb.label}” is for editors."
    if not facts.own:
        return f"“{verb.label}” is for the people of this story and for editors."
    if verb.journalist_is_submitter and not facts.submitter:
        return f"“{verb.label}” is for the person who submitted the story, or for an editor."
    if verb.journalist_never_submitted and facts.ever_submitted:
        return f"This story has been submitted before, so “{verb.label}” is for an editor."
    return None
