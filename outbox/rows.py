"""A mail that is owed, as a row. Each app adds what its mails are about, and says them by its own `Outbox`."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q


class OwedMailQuerySet(models.QuerySet[Any]):
    def queued(self) -> "OwedMailQuerySet":
        return self.filter(status=OwedMail.Status.QUEUED).order_by("queued_at", "id")

    def untried(self) -> "OwedMailQuerySet":
        return self.queued().filter(error="")

    def to_try_again(self) -> "OwedMailQuerySet":
        """Those that could not be sent before, in any order: none of them stands before another for long."""
        return self.queued().exclude(error="").order_by("?")

    def unfinished(self, now: datetime) -> "OwedMailQuerySet":
        """Claimed, and then an error or nothing for ten minutes: nobody knows whether the mail arrived."""
        stale = ~Q(error="") | Q(sending_at__lt=now - timedelta(minutes=10))
        return self.filter(stale, status=OwedMail.Status.SENDING)


class OwedMail(models.Model):
    """Written together with what it tells of. Claimed before it is sent, so never sent twice."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"

    # What every table of mails holds: `models.CheckConstraint(name=…, condition=OwedMail.STATUS_FITS_TIMES)`.
    STATUS_FITS_TIMES = (
        Q(status="queued", sending_at__isnull=True, sent_at__isnull=True)
        | Q(status="sending", sending_at__isnull=False, sent_at__isnull=True)
        | Q(status="sent", sent_at__isnull=False)
    )

    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    error = models.CharField(max_length=500, blank=True)
    queued_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OwedMailQuerySet.as_manager()

    class Meta:
        abstract = True
