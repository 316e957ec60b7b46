"""A plan of the demo's past gifts: who gave what, when, after which story, and what became of it. No database.

It is drawn by lot, and always the same for the same moment of seeding. What is raised ends at 60 % of the goal,
whatever the day of the year: with less time for renewals there are more gifts given once.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from donations.charging import charges

SEED = 1871
SHARE = 60  # percent of the goal
MONTHLY_GIFTS = 26
SMALL = 10_000  # gifts above this are not drawn on the last stretch
ONCE = {1_000: 8, 1_500: 5, 1_999: 1, 2_000: 7, 2_500: 24, 3_000: 5, 3_300: 1, 4_000: 5, 5_000: 20, 6_000: 3}
ONCE |= {7_500: 4, 10_000: 11, 12_000: 1, 15_000: 2, 20_000: 1, 25_000: 2}
MONTHLY = {500: 7, 1_000: 11, 1_500: 6, 2_000: 2, 2_500: 3}
AFTER = 4.0  # days from a story to a gift, on average

CARD, LATE_REFUND, FAILS_LATER, DECLINED = (
    "4242424242424242",
    "4000000000007726",
    "4000000000000341",
    "4000000000000002",
)

FIRST = """Adaline Amos Anika Arturo Beatrix Benno Camila Cedric Chiara Cora Dalia Desmond Dinah Edith Efua Elias Esme
Felix Fiona Gideon Greta Hakim Hana Hollis Imogen Isaac Ivy Jamal Jens June Kaito Keziah Lars Leona Lionel Maeve Malik
Mina Nadia Nils Odette Omar Opal Paloma Percy Petra Quentin Rafael Rosalind Rufus Sabine Salma Silas Sunniva Tariq
Thea Tobias Uma Vera Viktor Willa Xiomara Yara Yusuf Zelda""".split()
LAST = """Abernathy Achebe Aldous Barlow Bianchi Birkeland Cabrera Castleman Choi Danforth Delacroix Dufresne Eriksen
Espinoza Farouk Fennimore Galloway Ghorbani Greenleaf Halloran Hashimoto Ibarra Ingersoll Jankowski Jelani Kaminski
Kestrel Kowal Lachlan Lindholm Maddox Marchetti Mbatha Nakagawa Novak Oakes Olufemi Pascoe Petrosyan Quimby Rasmussen
Rosales Sandoval Sinclair Strickland Tavares Thackeray Underhill Vandermeer Vasquez Wainwright Westover Yamada
Zielinski
""".split()
MAIL = ("example.org", "example.com", "example.net")


@dataclass(frozen=True)
class Giver:
    name: str
    email: str


@dataclass(frozen=True)
class Given:
    """One gift through Stripe; a monthly one stops after `stops` charges, unless that is 0."""

    at: datetime
    amount: int
    giver: Giver
    article: str
    form_key: UUID
    monthly: bool = False
    named: bool = False
    may_write: bool = False
    card: str = CARD
    by_bank: bool = False
    leaves: bool = False  # closes the payment page without paying
    back: int = 0  # what is refunded
    disputed: bool = False
    stops: int = 0

    def comes_in(self, until):
        """What it adds to what is raised by `until`, in minor units."""
        if self.leaves or self.by_bank or self.disputed or self.card == DECLINED:
            return 0
        return self.amount * self.charged(until) - self.back

    def charged(self, until):
        """How many charges of it succeed by `until`."""
        if not self.monthly:
            return 1
        dates = len(list(charges(self.at, until)))
        return 1 if self.card == FAILS_LATER else min(dates, self.stops or dates)


@dataclass(frozen=True)
class Cheque:
    days_ago: int
    amount: int
    giver: Giver
    reference: str
    named: bool = False
    confirmed: bool = True


class Plan:
    """`stories` are (file, published at, weight); gifts fall between `start`, when the campaign began, and `now`."""

    def __init__(self, stories, *, start, now, goal):
        self.lot = random.Random(SEED)  # noqa: S311 - a lot, not a secret
        self.stories = [(file, max(at, start), weight) for file, at, weight in stories]
        self.now, self.start = now, start
        self.taken = set()
        self.cheques = self.draw_cheques()
        self.gifts = [*self.draw_events(), *(self.draw_monthly() for _ in range(MONTHLY_GIFTS))]
        self.draw_until(goal * SHARE // 100)
        self.gifts.sort(key=lambda gift: gift.at)

    def raised(self):
        paid = sum(cheque.amount for cheque in self.cheques if cheque.confirmed)
        return paid + sum(gift.comes_in(self.now) for gift in self.gifts)

    def draw_until(self, wanted):
        while (missing := wanted - self.raised()) > 0:
            self.gifts.append(self.draw(self.amount(ONCE, most=missing + SMALL)))

    # --- drawing

    def amount(self, of, most=None):
        amounts = {amount: weight for amount, weight in of.items() if most is None or amount <= max(most, SMALL)}
        return self.lot.choices(list(amounts), list(amounts.values()))[0]

    def giver(self):
        """Somebody new; each name is drawn once."""
        while True:
            first, last = self.lot.choice(FIRST), self.lot.choice(LAST)
            if (first, last) not in self.taken:
                self.taken.add((first, last))
                return Giver(f"{first} {last}", f"{first}.{last}@{self.lot.choice(MAIL)}".lower())

    def moment(self, published):
        """Soon after a story, or in its long tail, and always before now."""
        room = (self.now - published).total_seconds()
        later = self.lot.expovariate(1 / (AFTER * 86_400))
        return at_whole_second(published + timedelta(seconds=later if later < room else self.lot.random() * room))

    def draw(self, amount, *, story=None, **more):
        file, published, _ = story or self.lot.choices(self.stories, [weight for *_, weight in self.stories])[0]
        drawn = {
            "at": self.moment(published),
            "giver": self.giver(),
            "form_key": UUID(int=self.lot.getrandbits(128), version=4),
            "named": self.lot.random() < 0.55,
            "may_write": self.lot.random() < 0.4,
        }
        return Given(**(drawn | {"amount": amount, "article": file} | more))

    def draw_monthly(self):
        return self.draw(self.amount(MONTHLY), monthly=True)

    def early(self):
        """One of the two oldest stories, so that something can have happened since."""
        return self.lot.choice(sorted(self.stories, key=lambda story: story[1])[:2])

    def draw_events(self):
        """What the fundraiser has to deal with: at least one of each kind."""
        twice = self.draw(1_000, monthly=True, story=self.early())
        return [
            self.draw(5_000, back=5_000, named=False),
            self.draw(10_000, back=2_500, card=LATE_REFUND),
            self.draw(15_000, disputed=True, story=self.early()),
            self.draw(3_000, card=DECLINED),
            self.draw(2_500, leaves=True),
            self.draw(20_000, by_bank=True, story=self.early(), at=self.recently(0.7)),
            self.draw(1_500, monthly=True, card=FAILS_LATER, story=self.early()),
            self.draw(1_000, monthly=True, stops=2, story=self.early()),
            twice,
            self.draw(1_000, monthly=True, giver=twice.giver, story=self.early(), at=self.recently(9)),
        ]

    def recently(self, days):
        """So many days ago, or half-way into a campaign that is younger."""
        half_way = self.start + (self.now - self.start) / 2
        return at_whole_second(max(self.now - timedelta(days=days), half_way))

    def draw_cheques(self):
        return [
            Cheque(40, 50_000, self.giver(), "1047", named=True),
            Cheque(19, 25_000, self.giver(), "0221"),
            Cheque(3, 30_000, self.giver(), "5530", named=True, confirmed=False),
        ]


def at_whole_second(moment):
    """Stripe's clock knows no fractions."""
    return moment.astimezone(UTC).replace(microsecond=0)
