"""Whether somebody may do a verb to a story as it stands: facts go in, a verdict comes out."""

from dataclasses import dataclass, field

from .states import EDITORS, MANAGING, PublicState, Role, Status
from .table import VERBS


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
