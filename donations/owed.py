"""A mail becomes owed together with what it tells of: one row for each kind and key, whatever is replayed."""

from datetime import datetime
from typing import Any

from .models import Donor, Gift, SentMail
from .tasks import send_soon


def owe(kind: str, key: str, now: datetime, *, gift: Gift | None = None, **rest: Any) -> SentMail | None:
    """Owes a giver (or staff) one mail, in the caller's transaction; None where it was owed before or is not wanted.

    `rest` are the other fields of SentMail: `donor`, `staff`, `payment`, `about`. Asking again with the same kind and
    key owes nothing more, so whoever replays an event may call it again.
    """
    donor: Donor | None = rest.get("donor") or (gift.donor if gift else None)
    if donor and not is_wanted(donor, kind):
        return None
    mail, is_new = SentMail.objects.get_or_create(
        kind=kind, key=key, defaults={"queued_at": now, "gift": gift, **rest}
    )
    if is_new:
        send_soon(mail.pk)
    return mail if is_new else None


def is_wanted(donor: Donor, kind: str) -> bool:
    """Whether this giver gets such a mail: they have an address, and did not refuse what is no receipt."""
    return bool(donor.email) and (kind in SentMail.COMES_ANYWAY or donor.mails_refused_at is None)
