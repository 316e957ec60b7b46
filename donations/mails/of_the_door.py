"""The mail with the link to a giver's own page."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from donations.mailed_links import url_of
from donations.models import GivingLink, SentMail
from outbox.sending import NotOwed

from .letters import Letter, posted


def compose_link(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    link = GivingLink.objects.usable(now).filter(pk=mail.about["link"]).first()
    if link is None:
        raise NotOwed("the link was used, or is too old, or the address is nobody’s")
    return posted(
        mail,
        Letter(
            subject=f"Your page at {settings.NEWSROOM_NAME}",
            heading="Your gifts, on one page",
            paragraphs=[
                "You asked for a link to the page where you see your gifts and receipts, and change or stop what you "
                "give monthly.",
                "The link works once, within 30 minutes of your asking.",
            ],
            button=("Open my page", url_of(link)),
            foot=[
                "If you did not ask for it, somebody typed your address by mistake. You need do nothing, and nobody "
                "sees your page without this mail."
            ],
        ),
    )
