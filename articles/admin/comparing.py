"""Two contents side by side, as the desk's pages show them."""

from articles import differences
from articles.proof import Proof, changes


def told(before, after):
    """How content `before` became `after`, for `_difference.html`."""
    found = changes(before, after)
    body = next((change for change in found if change.name == "body"), None)
    return {
        "changed_fields": [change for change in found if change.name != "body"],
        "pictures": [("− Before", Proof(before)), ("+ Now", Proof(after))],
        "runs": differences.folded(body.marked if body else differences.compare(after["body"], after["body"])),
        "is_unchanged": not found,
    }
