"""What may be done to a story. Each verb locks the row, settles it, judges, changes and records, in one transaction.

`by` is the person, `now` an aware datetime. A verb that is refused raises `MoveNotAllowed` and leaves every row alone.
`lock_version` is what the person's page showed: when the story has moved on since, `ArticleChanged` is raised instead.
None is for programs that have just read the row.
"""

from .moving import ArticleChanged
from .removing import Removing
from .reviewing import Reviewing
from .sharing import Sharing
from .surroundings import Surrounding
from .together import WorkingTogether
from .writing import Writing


class ArticleVerbs(Writing, Reviewing, Removing, Sharing, Surrounding, WorkingTogether):
    """All verbs of a story, for the model to inherit."""


__all__ = ["ArticleChanged", "ArticleVerbs"]
