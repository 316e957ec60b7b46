"""What the giver of a monthly gift is told when something about it changes.

A mail may wait, and what it tells may be over by then: each looks at the gift as it stands when it is written.
"""

from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from donations.models import Gift, SentMail
from donations.money import format_money
from donations.monthly import next_charge, page_url
from outbox.sending import NotOwed

from .letters import Letter, giving_url, posted

SEE = "See my gift"
CHARGED = (Gift.Status.ACTIVE, Gift.Status.PAUSED)


def gift_of(mail: SentMail, *stands: str) -> Gift:
    """The gift that a mail is about; not owed any more where its status is another than one of these."""
    if mail.gift is None:
        raise NotOwed("it is about no gift")
    if stands and mail.gift.status not in stands:
        raise NotOwed(f"the gift is {mail.gift.get_status_display().lower()} by now")
    return mail.gift


def facts(gift: Gift, now: datetime) -> list[tuple[str, str]]:
    rows = [("For", str(gift.campaign)), ("Amount", f"{gift.each_month()} a month")]
    charge = next_charge(gift, now) if gift.status in CHARGED else None
    if charge:
        rows.append(("Next charge", gift.campaign.day(charge)))
    if gift.ended_at:
        rows.append(("Stopped", gift.campaign.day(gift.ended_at)))
    return rows


def letter(
    mail: SentMail, gift: Gift, now: datetime, says: str, words: list[str], *, button: tuple[str, str] | None = None
) -> EmailMultiAlternatives:
    told = Letter(
        subject=says,
        heading=says,
        paragraphs=words,
        facts=facts(gift, now),
        button=button or (SEE, page_url(gift)),
        is_test=gift.livemode is False,
    )
    return posted(mail, told)


def compose_failing(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    """At most three for one month's charge; none once it came in or the gift has ended."""
    gift = gift_of(mail, Gift.Status.PAST_DUE)
    if not gift.open_invoice or not mail.key.startswith(f"{gift.open_invoice}:"):
        raise NotOwed("that charge came in, or is not asked for any more")
    words = [
        f"The latest charge of {format_money(gift.open_amount, gift.currency)} did not come through. Most often a "
        "card has expired or was replaced.",
        "If you want to go on giving, use another card: the button leads to your gift, and from there to Stripe, "
        "where you type it. Then the charge is tried once more. If not, you need do nothing: no month that was left "
        "out is asked for later.",
    ]
    if mail.about.get("n") == 3:
        words.append("This is the last mail about it.")
    says = "Your monthly gift did not come through"
    return letter(mail, gift, now, says, words, button=("Use another card", page_url(gift)))


def compose_paused(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail, Gift.Status.PAUSED)
    words = ["Nothing is charged while your monthly gift is paused. Thank you for what you have given."]
    if gift.paused_until:
        day = gift.campaign.day(gift.paused_until)
        words.append(f"From {day} on it is charged again by itself, unless you stop it before.")
    else:
        words.append("It goes on when you say so, on the page of your gift.")
    return letter(mail, gift, now, "Your monthly gift is paused", words)


def compose_resumed(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail, Gift.Status.ACTIVE)
    words = ["Thank you for staying with us. The pause is over; the months that it left out are not asked for."]
    return letter(mail, gift, now, "Your monthly gift goes on", words)


def compose_changed(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail, *Gift.GOING_ON)
    was, stands = mail.about["was"], mail.about["is"]
    if gift.monthly_amount != stands:
        raise NotOwed("the amount was changed again, and another mail tells that")
    words = [
        f"From the next charge on it is {format_money(stands, gift.currency)} a month. Before, it was "
        f"{format_money(was, gift.currency)}. Nothing is charged in between.",
    ]
    return letter(mail, gift, now, "The amount of your monthly gift has changed", words)


def compose_stopped(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail, Gift.Status.ENDED)
    words = ["Nothing more will be charged. What you gave has paid for reporting; thank you."]
    return letter(mail, gift, now, "Your monthly gift has been stopped", words, button=("My gifts", giving_url()))
