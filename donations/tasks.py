"""The worker's tasks. They are hints: whatever a lost one leaves undone, a sweep finds in the rows."""

from functools import partial

from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from . import mails


@db_task()
def send_mail(mail_id: int) -> None:
    mails.send(mail_id, timezone.now())


def send_soon(mail_id: int) -> None:
    """Hands a mail to the worker once the transaction is committed; a queue that fails here delays it to the sweep."""
    transaction.on_commit(partial(send_mail, mail_id), robust=True)
