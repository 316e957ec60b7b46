"""What is asked of Stripe names an object; nothing is asked about nothing."""


def an_id(text: str) -> str:
    """An empty id would ask Stripe for a list of the whole account."""
    if not text:
        raise ValueError("Stripe is never asked about an empty id.")
    return text
