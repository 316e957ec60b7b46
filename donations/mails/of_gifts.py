"""What the giver of a monthly gift is told when something about it changes."""

from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from donations.models import Gift, SentMail
from donations.money import format_money
from donations.monthly import each_month, next_charge, page_url
from outbox.sending import NotOwed

from .letters import Letter, giving_url, posted

SEE = "See my gift"


def gift_of(mail: SentMail) -> Gift:
    if mail.gift is None:
        raise NotOwed("it is about no gift")
    return mail.gift


def facts(gift: Gift, now: datetime) -> list[tuple[str, str]]:
    charge = next_charge(gift, now)
    rows = [("For", str(gift.campaign)), ("Amount", f"{each_month(gift)} a month")]
    if charge and gift.status == Gift.Status.ACTIVE:
        rows.append(("Next charge", gift.campaign.day(charge)))
    return rows


def letter(
    mail: SentMail,
    now: datetime,
    says: str,
    paragraphs: list[str],
    *,
    rows: list[tuple[str, str]] | None = None,
    button: tuple[str, str] | None = None,
) -> EmailMultiAlternatives:
    gift = gift_of(mail)
    told = Letter(
        subject=says,
        heading=says,
        paragraphs=paragraphs,
        facts=facts(gift, now) if rows is None else rows,
        button=button or (SEE, page_url(gift)),
        is_test=gift.livemode is False,
    )
    return posted(mail, told)


def compose_failing(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    """At most three for one month's charge; none once it came in or the gift has ended."""
    gift = gift_of(mail)
    if gift.status != Gift.Status.PAST_DUE or not mail.key.startswith(f"{gift.open_invoice}:"):
        raise NotOwed("the charge came in, or is not asked for any more")
    words = [
        f"This month’s charge of {format_money(gift.open_amount, gift.currency)} did not come through. Most often a "
        "card has expired or was replaced.",
        "If you want to go on giving, type your new card on Stripe’s page; the link leads there. It is then tried "
        "once more. If not, you need do nothing: we ask for no month that was left out.",
    ]
    if mail.about.get("n") == 3:
        words.append("This is the last mail about it.")
    return letter(
        mail, now, "Your monthly gift did not come through", words, button=("Use another card", page_url(gift))
    )


def compose_paused(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail)
    words = ["Nothing is charged while your monthly gift is paused. Thank you for what you have given."]
    if gift.paused_until:
        words.append(f"It goes on by itself on {gift.campaign.day(gift.paused_until)}, unless you stop it before.")
    return letter(mail, now, "Your monthly gift is paused", words)


def compose_resumed(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    words = ["Thank you for coming back. What was left out meanwhile is not asked for."]
    return letter(mail, now, "Your monthly gift goes on", words)


def compose_changed(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail)
    was, stands = (format_money(mail.about[name], gift.currency) for name in ("was", "is"))
    words = [f"From the next charge on it is {stands} a month. Before it was {was}. Nothing is charged in between."]
    return letter(mail, now, "The amount of your monthly gift has changed", words)


def compose_stopped(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = gift_of(mail)
    rows = [("For", str(gift.campaign)), ("Amount", f"{each_month(gift)} a month")]
    if gift.ended_at:
        rows.append(("Stopped", gift.campaign.day(gift.ended_at)))
    words = ["Nothing more will be charged. What you gave has paid for reporting; thank you."]
    return letter(mail, now, "Your monthly gift has been stopped", words, rows=rows, button=("My gifts", giving_url()))
