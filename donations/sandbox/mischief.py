"""What may happen to webhooks on their way. The same seed and the same events give the same mishaps."""

import random


class Mischief:
    """`dropped`, `repeated` and `delayed` are shares of all events, from 0 to 1; `shuffled` mixes each delivery.

    A delayed event misses one delivery and comes with a later one.
    """

    def __init__(self, seed=0, *, dropped=0.0, repeated=0.0, delayed=0.0, shuffled=False):
        if min(dropped, repeated, delayed) < 0 or dropped + repeated + delayed > 1:
            raise ValueError(
                f"The shares are {dropped} dropped, {repeated} repeated and {delayed} delayed. "
                "Each is from 0 to 1, and together they are at most 1."
            )
        self.dropped, self.repeated, self.delayed, self.shuffled = dropped, repeated, delayed, shuffled
        self._random = random.Random(seed)  # noqa: S311 mishaps, not secrets

    def fate_of(self, delivery):
        """drop, repeat, delay or send; each event's is decided once, when its first delivery is due."""
        if "fate" not in delivery:
            delivery["fate"] = self._roll()
        return delivery["fate"]

    def _roll(self):
        if not (self.dropped or self.repeated or self.delayed):
            return "send"
        point = self._random.random()
        for fate, share in (("drop", self.dropped), ("repeat", self.repeated), ("delay", self.delayed)):
            if point < share:
                return fate
            point -= share
        return "send"

    def mix(self, events):
        if self.shuffled:
            self._random.shuffle(events)
        return events
