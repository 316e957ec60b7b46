"""From a row to a mail: claimed before it is sent, never sent twice by itself.

Until a mail is handed over, any failure puts it back into the queue. From then on nobody can tell whether it arrived:
its claim stays, the error is noted, and a person decides to send it again.
"""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from .discreet import and_where, in_brief
from .rows import OwedMail

log = logging.getLogger(__name__)
AT_ONCE = 200  # of those that were never tried
AGAIN_AT_ONCE = 50  # besides, of those that could not be sent before


class ServerOutOfReach(Exception):
    """The mail server did not answer, or did not let us in."""


class NoAddress(Exception):
    """There is no address (any more) that this mail could go to. Its row waits for a person."""


class NotOwed(Exception):
    """Nobody should be told this any more; the row goes, and no mail is sent."""


@dataclass(frozen=True)
class Outbox:
    """The mails of one table. `compose` says what a row tells; it may raise `NoAddress` or `NotOwed`."""

    model: type[OwedMail]
    compose: Callable[[Any, datetime], EmailMessage]
    related: tuple[str, ...] = ()  # what `compose` reads of other tables

    def send_due(self, now: datetime) -> int:
        """Sends what is queued and says how many went out: oldest first, then some of what failed before.

        Without a mail server the rest waits.
        """
        sent = 0
        for mail_id in self._next():
            try:
                sent += self._deliver(mail_id, now)
            except ServerOutOfReach:
                break
        return sent

    def _next(self) -> list[int]:
        queue = self.model.objects
        untried = queue.untried().values_list("pk", flat=True)[:AT_ONCE]
        return [*untried, *queue.to_try_again().values_list("pk", flat=True)[:AGAIN_AT_ONCE]]

    def send(self, mail_id: int, now: datetime) -> bool:
        """Sends one queued mail. False where another process has claimed it, or it could not go; its row says why."""
        try:
            return self._deliver(mail_id, now)
        except ServerOutOfReach:
            return False

    def send_again(self, mail_id: int, now: datetime) -> bool:
        """Queues a mail whose claim did not finish, because a person decided so. False where it is not stuck."""
        stuck = self.model.objects.unfinished(now).filter(pk=mail_id)
        return bool(stuck.update(status=OwedMail.Status.QUEUED, error="", queued_at=now, sending_at=None))

    def _deliver(self, mail_id: int, now: datetime) -> bool:
        if not self._claim(mail_id, now):
            return False
        mail = self.model.objects.select_related(*self.related).get(pk=mail_id)
        message = self._composed(mail, now)
        return message is not None and self._hand_over(mail, message, now)

    @transaction.atomic(durable=True)
    def _claim(self, mail_id: int, now: datetime) -> bool:
        """Takes a queued mail for this process alone; committed before anything is sent."""
        queued = self.model.objects.queued().order_by().filter(pk=mail_id)
        return bool(queued.update(status=OwedMail.Status.SENDING, sending_at=now, error=""))

    def _composed(self, mail: OwedMail, now: datetime) -> EmailMessage | None:
        try:
            return self.compose(mail, now)
        except NotOwed as reason:
            log.info("%s %s is not owed any more: %s", self._name, mail.pk, reason)
            mail.delete()
        except NoAddress as error:
            self._keep_claimed(mail, error)
        except Exception as error:
            self._put_back(mail, error)
        return None

    def _hand_over(self, mail: OwedMail, message: EmailMessage, now: datetime) -> bool:
        connection = self._connect(mail)
        try:
            connection.send_messages([message])
        except Exception as error:
            self._put_back(mail, error) if is_for_later(error) else self._keep_claimed(mail, error)
            return False
        finally:
            connection.close()
        self._row(mail).update(status=OwedMail.Status.SENT, sent_at=now, error="")
        return True

    def _connect(self, mail: OwedMail) -> BaseEmailBackend:
        try:
            connection = get_connection()
            connection.open()
        except Exception as error:
            self._put_back(mail, error)
            raise ServerOutOfReach from error
        return connection

    def _put_back(self, mail: OwedMail, error: Exception) -> None:
        """Nothing was handed over: the next sweep tries again."""
        log.error("%s %s could not be sent; it is tried again: %s", self._name, mail.pk, and_where(error))
        self._row(mail).update(status=OwedMail.Status.QUEUED, sending_at=None, error=told(error))

    def _keep_claimed(self, mail: OwedMail, error: Exception) -> None:
        log.error(
            "%s %s may not have arrived; it is not sent again by itself: %s", self._name, mail.pk, and_where(error)
        )
        self._row(mail).update(error=told(error))

    def _row(self, mail: OwedMail) -> Any:
        return self.model.objects.filter(pk=mail.pk)

    @property
    def _name(self) -> str:
        return self.model.__name__


def is_for_later(error: Exception) -> bool:
    """Whether the mail server said itself that it took nothing and may be asked again (codes from 400 to 499)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 500


def told(error: Exception) -> str:
    """What the row keeps of an error: our own sentence, else type and code. Mail servers repeat the address."""
    return f"{type(error).__name__}: {error}"[:500] if isinstance(error, NoAddress) else in_brief(error)
