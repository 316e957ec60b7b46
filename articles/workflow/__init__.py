"""Where a story may stand and what may happen to it, as plain data. No database: facts go in, a verdict comes out.

Two machines, not one. *Status* says where the working copy stands. The *public state* says what readers see, and is
read from publications and takedowns, never stored: a live story keeps its page while its next version is written.
"""

from .judging import Facts, MoveNotAllowed, judge
from .states import (
    ALL,
    CHANGES_TO_A_LIVE_STORY,
    EDITORS,
    LAST_SECONDS,
    MANAGING,
    MOVES_UPDATED,
    NEEDS_A_NOTE_TO_READERS,
    NOT_DOWN,
    SHORTEST_EMERGENCY_REASON,
    TOLD_IN_PUBLIC,
    Kind,
    Matter,
    PublicState,
    Role,
    Status,
)
from .table import PEOPLES_VERBS, VERBS
from .verb import Move, Verb

__all__ = [
    "ALL",
    "CHANGES_TO_A_LIVE_STORY",
    "EDITORS",
    "LAST_SECONDS",
    "MANAGING",
    "MOVES_UPDATED",
    "NEEDS_A_NOTE_TO_READERS",
    "NOT_DOWN",
    "PEOPLES_VERBS",
    "SHORTEST_EMERGENCY_REASON",
    "TOLD_IN_PUBLIC",
    "VERBS",
    "Facts",
    "Kind",
    "Matter",
    "Move",
    "MoveNotAllowed",
    "PublicState",
    "Role",
    "Status",
    "Verb",
    "judge",
]
