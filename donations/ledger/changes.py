"""What a booking changes, row by row: for whoever wants to know what was wrong, or whether anything was."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """One row of ours and what Stripe says about it, in the columns that differ; `had` is empty for a new row."""

    about: str
    says: dict[str, Any]
    had: dict[str, Any] = field(default_factory=dict)


def difference(about: str, had: dict[str, Any], says: dict[str, Any]) -> list[Change]:
    """The columns in which what we have is not what Stripe says; nothing where there are none."""
    names = [name for name, value in says.items() if had[name] != value]
    if not names:
        return []
    return [Change(about, {name: says[name] for name in names}, {name: had[name] for name in names})]
