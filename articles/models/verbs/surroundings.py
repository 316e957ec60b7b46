"""What stands around the signed words and changes at once, with an Event."""

from django.db import transaction

from articles.workflow import MoveNotAllowed

from .moving import Moving


class Surrounding(Moving):
    def switch_appeal(self, *, by, now, on, reason=""):
        """Surroundings, not signed words: changed at once, with an Event. Switching off needs a reason."""
        if not by.has_perm("articles.switch_appeal"):
            raise MoveNotAllowed("The appeal is switched by editors.")
        if not (on or reason.strip()):
            raise MoveNotAllowed("Say why this story carries no appeal.")
        with transaction.atomic():
            self._lock()
            self.appeal_off, self.appeal_off_reason = not on, "" if on else reason.strip()
            self.save(update_fields=["appeal_off", "appeal_off_reason"])
            self.record("switch_appeal", by, now, on=on, reason=self.appeal_off_reason)
