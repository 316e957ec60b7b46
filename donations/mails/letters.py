"""A letter: what a mail that is no receipt says, once, for its HTML and its plain text."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from donations.mailed_links import unsubscribe_url
from donations.models import Donor, SentMail
from outbox.look import written
from outbox.sending import NoAddress, NotOwed


@dataclass
class Letter:
    """`facts` are names with values, `button` is what it says and where it leads; all of it plain text."""

    subject: str
    heading: str
    paragraphs: Iterable[str]
    facts: Iterable[tuple[str, str]] = ()
    button: tuple[str, str] | None = None
    after: Iterable[str] = ()
    foot: Iterable[str] = ()
    is_test: bool = False


def donor_of(mail: SentMail) -> Donor | None:
    return mail.donor or (mail.gift.donor if mail.gift else None)


def address_of(mail: SentMail) -> str:
    """Where a mail goes. Nothing goes to people who were removed on request, or who left the newsroom."""
    if mail.staff:
        return address_of_staff(mail.staff)
    donor = donor_of(mail)
    if donor and donor.scrubbed_at:
        raise NotOwed("the giver was removed on request")
    if donor is None or not donor.email:
        raise NoAddress("The giver has no e-mail address, so this mail has nowhere to go.")
    return donor.email


def address_of_staff(person: User) -> str:
    if not person.is_active:
        raise NotOwed("this person has left")
    if not person.email:
        raise NoAddress(f"The account “{person}” has no e-mail address. Add one under Users.")
    return person.email


def posted(mail: SentMail, letter: Letter) -> EmailMultiAlternatives:
    """The letter as a mail; what is no receipt says how to get no more of it, by one click too (RFC 8058)."""
    to, donor = address_of(mail), donor_of(mail)
    link = unsubscribe_url(donor) if donor and mail.kind not in SentMail.COMES_ANYWAY else ""
    if link and donor and donor.mails_refused_at:
        raise NotOwed("the giver wants no mails but receipts")
    message = written("letter", {"letter": letter, "unsubscribe_url": link}, to=to)
    if link:
        message.extra_headers["List-Unsubscribe"] = f"<{link}>"
    if link.startswith("https://"):  # mail programs press no other
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def giving_url() -> str:
    return str(settings.SITE_URL) + reverse("donations:giving")
