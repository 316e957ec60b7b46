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


def _verb(name, label, sources, target, roles, **rules):
    return Verb(name, label, (Move(frozenset(sources), target, frozenset(roles)),), **rules)


def _ends_the_present(verb_name, label, roles, **rules):
    """What is public ends: the working copy no longer equals it, and nothing is scheduled to follow it."""
    stays = frozenset(Status) - {Status.PUBLISHED, Status.SCHEDULED} - rules.pop("back_to_draft", frozenset())
    to_draft = frozenset(Status) - stays - {Status.SCHEDULED}
    moves = (
        Move(stays, None, roles),
        Move(to_draft, Status.DRAFT, roles),
        Move(frozenset({Status.SCHEDULED}), Status.APPROVED, roles),
    )
    return Verb(verb_name, label, moves, **rules)


S = Status
EVERY = frozenset(Status)
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
            "schedule",
            "Schedule",
            {S.APPROVED},
            S.SCHEDULED,
            EDITORS,
            public_states=NOT_DOWN,
            past="scheduled it",
            says="Readers see the approved words from that second on, and no others.",
            said="“{story}” is scheduled.",
        ),
        _verb(
            "unschedule",
            "Unschedule",
            {S.SCHEDULED},
            S.APPROVED,
            EDITORS,
            past="took it off the schedule",
            says="The story stays approved and does not go out by itself.",
            said="Off the schedule. The story is still approved.",
        ),
        _verb("fire", "Fire", {S.SCHEDULED}, S.PUBLISHED, {Role.CLOCK}, past="It went public at its time"),
        Verb(
            "embargo",
            "Set the embargo",
            (
                Move(frozenset({S.DRAFT}), None, ALL),
                Move(EVERY - {S.DRAFT, S.PUBLISHED}, None, EDITORS),
            ),
            past="changed the embargo",
            says="Nothing of this story goes out before that time, whoever publishes it.",
            said="The embargo is changed.",
        ),
        _verb(
            "publish_unreviewed",
            "Publish unreviewed",
            {S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED, S.SCHEDULED},
            S.PUBLISHED,
            MANAGING,
            public_states=NOT_DOWN,
            reason_required=True,
            past="published it without review",
            says="For emergencies: readers see the words as they were last saved, and every editor is told at once.",
            said="“{story}” is public without review. Another editor has to confirm it.",
        ),
        _verb(
            "confirm_emergency",
            "Confirm",
            EVERY,
            None,
            EDITORS,
            closes=Matter.EMERGENCY,
            not_by_opener=True,
            past="confirmed what was published without review",
            says="You have read what went out without review, and stand by it.",
            said="Confirmed. The red flag is gone.",
        ),
        _verb(
            "object_to_emergency",
            "Object",
            EVERY,
            None,
            EDITORS,
            closes=Matter.EMERGENCY,
            not_by_opener=True,
            comment_required=True,
            past="objected to what was published without review",
            says="Your objection is recorded and mailed. The page stays until somebody changes it.",
            said="Your objection is recorded.",
        ),
        _verb(
            "propose_retraction",
            "Propose a retraction",
            EVERY,
            None,
            EDITORS,
            public_states=frozenset({PublicState.UP}),
            opens=Matter.RETRACTION,
            past="proposed to retract it",
            says="Another editor has to confirm. Then your notice stands where the story stood.",
            said="Proposed. Another editor has to confirm the retraction.",
        ),
        _ends_the_present(
            "confirm_retraction",
            "Confirm the retraction",
            EDITORS,
            back_to_draft=frozenset({S.IN_REVIEW}),
            public_states=frozenset({PublicState.UP}),
            closes=Matter.RETRACTION,
            not_by_opener=True,
            past="confirmed the retraction",
            says="The notice replaces text and picture at once. Former versions lose their text for readers.",
            said="“{story}” is retracted.",
        ),
        _verb(
            "drop_retraction",
            "Drop the proposal",
            EVERY,
            None,
            EDITORS,
            closes=Matter.RETRACTION,
            past="dropped the proposal to retract it",
            says="The story stays as it is.",
            said="The proposal is dropped.",
        ),
        _ends_the_present(
            "take_down",
            "Take down",
            MANAGING,
            public_states=frozenset({PublicState.UP, PublicState.RETRACTED}),
            reason_required=True,
            past="took it down",
            says="Readers get a short notice at once, in place of the page and of all its versions.",
            said="“{story}” is taken down.",
        ),
        _verb(
            "reinstate",
            "Reinstate",
            {S.APPROVED},
            S.PUBLISHED,
            MANAGING,
            public_states=frozenset({PublicState.RETRACTED, PublicState.DOWN}),
            reason_required=True,
            past="reinstated it",
            says="The approved words become public at the story's old address.",
            said="“{story}” is public again.",
        ),
        _verb(
            "propose_blank",
            "Propose to blank",
            EVERY,
            None,
            MANAGING,
            opens=Matter.BLANKING,
            reason_required=True,
            past="proposed to blank words of its history",
            says="Another editor has to confirm. Then the words are gone for good.",
            said="Proposed. Another editor has to confirm the blanking.",
        ),
        _verb(
            "confirm_blank",
            "Blank for good",
            EVERY,
            None,
            EDITORS,
            closes=Matter.BLANKING,
            not_by_opener=True,
            past="confirmed the blanking",
            says="The words are removed for good; who wrote and signed them, and when, stays.",
            said="Blanked. The words are gone.",
        ),
        _verb(
            "drop_blank",
            "Drop the proposal",
            EVERY,
            None,
            EDITORS,
            closes=Matter.BLANKING,
            past="dropped the proposal to blank words",
            says="The history stays as it is.",
            said="The proposal is dropped.",
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


PEOPLES_VERBS = tuple(verb for verb in VERBS.values() if verb.roles != {Role.CLOCK})  # each has a permission


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
    open: frozenset = field(default_factory=frozenset)  # matters that wait for a second person
    opened: frozenset = field(default_factory=frozenset)  # those of them that this person opened


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
    refusal = _refuse_matter(verb, facts) or _refuse_person(verb, facts, moves)
    if refusal:
        raise MoveNotAllowed(refusal)
    return moves[0].target or Status(facts.status)


def _refuse_matter(verb, facts):
    if verb.opens in facts.open:
        return f"There is an open {verb.opens} already: confirm or drop it first."
    if verb.closes and verb.closes not in facts.open:
        return f"“{verb.label}” is for an open {verb.closes}; this story has none."
    return None


def _refuse_person(verb, facts, moves):
    roles = facts.roles & frozenset().union(*(move.roles for move in moves))
    if verb.not_by_submitter and facts.submitter:
        return f"You submitted this story, so “{verb.label}” is for another editor: two people sign what goes out."
    if verb.not_by_opener and verb.closes in facts.opened:
        return f"The open {verb.closes} is your own, so “{verb.label}” is for another editor."
    if roles & EDITORS or Role.CLOCK in roles:
        return None
    if Role.JOURNALIST not in roles:
        return f"“{verb.label}” is for {_whose(moves)}."
    if not facts.own:
        return f"“{verb.label}” is for the people of this story and for editors."
    if verb.journalist_is_submitter and not facts.submitter:
        return f"“{verb.label}” is for the person who submitted the story, or for an editor."
    if verb.journalist_never_submitted and facts.ever_submitted:
        return f"This story has been submitted before, so “{verb.label}” is for an editor."
    return None


def _whose(moves):
    roles = frozenset().union(*(move.roles for move in moves))
    return "managing editors" if roles == MANAGING else "the clock" if roles == {Role.CLOCK} else "editors"
