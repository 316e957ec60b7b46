"""What the worker's clock does. Queued tasks are hints and may be lost; these sweeps find what is due in the rows."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import HUEY, db_periodic_task

from articles import renditions
from donations import ledger, mails, webhooks

log = logging.getLogger(__name__)

SWEEPS = (
    ("pictures without renditions", renditions.make_missing),
    ("events that failed or were not finished", webhooks.process_inbox),
    ("payments whose fee was not known yet", ledger.complete_fees),
    ("mails that are owed", mails.send_due),
)


@db_periodic_task(crontab(minute="*"))
@HUEY.lock_task("sweep")
def sweep():
    """Every minute, each in turn; an error in one is logged and delays no other."""
    for what, run in SWEEPS:
        try:
            run(timezone.now())
        except Exception:
            log.exception("The sweep for %s failed; it is tried again in a minute.", what)
