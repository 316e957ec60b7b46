"""The worker's tasks. They are hints: whatever a lost one leaves undone, a sweep finds in the rows."""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from . import mails
from .models import WebhookEvent

log = logging.getLogger(__name__)


@db_task()
def send_mail(mail_id: int) -> None:
    mails.send(mail_id, timezone.now())


@db_task()
def issue_statements(year: int) -> None:
    """Owes the statements of a year; run again, it does what was left undone and owes nobody two."""
    from .issuing import issue  # which hands single mails to this module

    log.info("Statements of %s that are mailed now: %s.", year, issue(year, timezone.now()))


@db_task()
def settle_event(event_id: int) -> None:
    """Books an event whose follow-up asks too much of Stripe for its own request."""
    from . import webhooks  # which hands single events to this module

    event = WebhookEvent.objects.filter(pk=event_id, state__in=WebhookEvent.UNSETTLED).first()
    if event:  # not settled meanwhile
        webhooks.settle(event, timezone.now(), retries=2)


def send_soon(mail_id: int) -> None:
    """Hands a mail to the worker once the transaction is committed; a queue that fails here delays it to the sweep."""
    transaction.on_commit(partial(send_mail, mail_id), robust=True)
