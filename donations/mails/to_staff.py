"""The mail that tells staff that giving has been slowed down, by the program itself or by one of them."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import NoReverseMatch, reverse

from donations.models import Breaker, SentMail
from outbox.sending import NotOwed

from .letters import Letter, posted

SHOULD = (
    "Look at the failed payments on Stripe’s dashboard: many small attempts within minutes, each with another card, "
    "are somebody who tries out stolen cards. Refund what came in that way before the cards’ owners dispute it.",
    "Where the attempts were readers’ own, let gifts go on; that page has the button.",
)


def compose_breaker(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    breaker = Breaker.objects.filter(pk=mail.about.get("breaker")).first()
    if breaker is None or mail.staff is None:
        raise NotOwed("it is about no breaker, or for nobody")
    if breaker.closed_at:
        raise NotOwed("gifts go on by now")
    return posted(mail, letter(breaker))


def letter(breaker: Breaker) -> Letter:
    why = "" if breaker.opened_by else ": many attempts to pay fail"
    return Letter(
        subject=f"{breaker.what}{why}",
        heading=breaker.what,
        paragraphs=[what_happened(breaker), what_rests(breaker), *SHOULD],
        button=("Look, and let gifts go on", breaker_url()),
        foot=["A mail of this kind goes to everybody who may let gifts go on, and cannot be switched off."],
    )


def what_happened(breaker: Breaker) -> str:
    if breaker.opened_by:
        return f"{breaker.opened_by.get_full_name() or breaker.opened_by} has switched this on."
    tried = "begin a monthly gift" if breaker.is_monthly else "pay"
    failed = f"Of the last {breaker.attempts} attempts to {tried}, {breaker.failed} failed."
    return f"{failed} So this has switched itself on."


def what_rests(breaker: Breaker) -> str:
    if breaker.does == Breaker.Does.RAISE:
        return "Smaller gifts are refused in words for now. Monthly gifts that have begun are charged as ever."
    if breaker.is_monthly:
        return "Readers who want to give every month are told to come back later. Monthly gifts that have begun go on."
    return "Readers who want to give once are told to come back later. Monthly gifts that have begun go on."


def breaker_url() -> str:
    """The page with the switch; the desk's first page where there is none."""
    try:
        return str(settings.SITE_URL) + reverse("admin:donations_breaker")
    except NoReverseMatch:
        return str(settings.SITE_URL) + reverse("admin:index")
