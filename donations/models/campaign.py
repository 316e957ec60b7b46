import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils import timezone as clock

from donations.money import MAX_AMOUNT, CurrencyRefused, exponent, format_money

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")
YEARS = range(2000, 3000)


def check_currency(currency: str) -> None:
    try:
        exponent(currency)
    except CurrencyRefused as refused:
        raise ValidationError(str(refused)) from refused


def check_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone. Use an IANA name, such as America/New_York.")


def check_suggestions(amounts: Any) -> None:
    """A list of different whole amounts in minor units, each within what one payment can carry."""
    whole = isinstance(amounts, list) and all(type(amount) is int for amount in amounts)
    if not whole or any(not 0 < amount <= MAX_AMOUNT for amount in amounts):
        raise ValidationError(f"Write a list of minor units from 1 to {MAX_AMOUNT}: [1500, 2500] is $15 and $25.")
    if len(set(amounts)) != len(amounts):
        raise ValidationError("An amount is in the list twice. Leave one of them out.")


def default_currency() -> str:
    return str(settings.CURRENCY)


def default_timezone() -> str:
    return str(settings.TIME_ZONE)


def default_once() -> list[int]:
    return [2500, 5000, 10000, 25000]


def default_monthly() -> list[int]:
    return [500, 1000, 1500, 2500]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins in `zone`, in UTC; the earlier one where clocks go back at midnight."""
    return datetime.combine(day, time(), zone).replace(fold=0).astimezone(UTC)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def public(self) -> "CampaignQuerySet":
        """What readers may see: campaigns that collect, and those that are over."""
        return self.exclude(status=Campaign.Status.DRAFT)

    def named(self, slug: str) -> "Campaign | None":
        """The campaign that a reader asks for by its address; what cannot be an address is not looked up."""
        return self.public().filter(slug=slug).first() if SLUG.fullmatch(slug) else None

    def live(self) -> "CampaignQuerySet":
        """Campaigns that take gifts on their days."""
        return self.filter(status=Campaign.Status.LIVE)

    def held(self) -> "CampaignQuerySet":
        """Their rows, held until the transaction ends, and before any sums are; rows that name them do not wait."""
        return self.select_for_update(no_key=True)

    def hold(self) -> None:
        """All of them, always in the same order: the default and a chain are of several rows."""
        list(self.held().order_by("pk").values_list("pk"))

    def make_default(self, campaign: "Campaign") -> None:
        """In place of the one that is: of two who choose at once, the second one has the last word."""
        with transaction.atomic():
            self.hold()
            self.filter(is_default=True).update(is_default=False)
            self.filter(pk=campaign.pk).update(is_default=True)

    def default(self, now: datetime) -> "Campaign | None":
        """The campaign of every appeal that names no other, if it takes gifts at `now`; once over, what follows it."""
        found = self.filter(is_default=True).first()
        if found and found.is_over(now):
            return next((campaign for campaign in found.after() if campaign.collects(now)), None)
        return found if found and found.collects(now) else None

    def to_give_to(self, slug: str, now: datetime) -> "Campaign | None":
        """The campaign that takes a gift meant for `slug` at `now`: itself, else its successor, else the default."""
        asked = self.named(slug)
        chain = [asked, *asked.after()] if asked else []
        return next((campaign for campaign in chain if campaign.collects(now)), None) or self.default(now)


class Campaign(models.Model):
    """What readers are asked to pay for, from its first day to its last, both included."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        CLOSED = "closed", "Closed"

    slug = models.SlugField(max_length=80, unique=True, help_text="The last part of its address.")
    title = models.CharField(max_length=160)
    appeal = models.TextField(help_text="What readers are asked, in a sentence or two.")
    goal = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In minor units: 1000000 is $10,000. Empty for a campaign without a goal."
    )
    currency = models.CharField(max_length=3, default=default_currency, validators=[check_currency])
    timezone = models.CharField("time zone", max_length=64, default=default_timezone, validators=[check_timezone])
    starts = models.DateField("first day")
    ends = models.DateField("last day", null=True, blank=True, help_text="Empty: it has no end.")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    suggested_once = models.JSONField(
        "suggested once", default=default_once, blank=True, validators=[check_suggestions], help_text="In minor units."
    )
    suggested_monthly = models.JSONField(
        "suggested monthly",
        default=default_monthly,
        blank=True,
        validators=[check_suggestions],
        help_text="In minor units.",
    )
    minimum = models.PositiveIntegerField(default=100, help_text="The smallest gift, in minor units: 100 is $1.")
    follows = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
        help_text="The campaign before this one, whose monthly gifts go on counting here.",
    )
    is_default = models.BooleanField("the default", default=False)
    days_set_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When a person last set its days or its place in a chain, or first let readers see it.",
    )

    COUNTED_BY = frozenset({"starts", "ends", "timezone", "currency", "follows_id"})

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-starts", "slug"]
        constraints = [
            models.CheckConstraint(name="campaign_status_known", condition=Q(status__in=["draft", "live", "closed"])),
            models.CheckConstraint(name="campaign_goal_positive", condition=Q(goal=None) | Q(goal__gt=0)),
            models.CheckConstraint(
                name="campaign_minimum_in_range", condition=Q(minimum__gt=0, minimum__lte=MAX_AMOUNT)
            ),
            models.CheckConstraint(
                name="campaign_ends_after_it_starts", condition=Q(ends=None) | Q(ends__gte=F("starts"))
            ),
            models.CheckConstraint(
                name="campaign_currency_is_three_capitals",
                condition=Exact(Length("currency"), 3) & Q(currency=Upper("currency")),
            ),
            models.CheckConstraint(name="campaign_follows_another", condition=Q(follows=None) | ~Q(follows=F("id"))),
            models.UniqueConstraint(name="campaign_one_default", fields=["is_default"], condition=Q(is_default=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """First its row is held, then the sums, then both are written: who saves, books or reports meanwhile waits.

        What may not change is asked once they are held: what was waited for may be a first payment, or the report.
        """
        with transaction.atomic():
            changed = self.set_anew(Campaign.objects.held())
            with self.sums_kept(changed):
                self.check_unit_stays()
                self.check_reported_stays(changed)
                if changed:
                    self.days_set_at = clock.now()
                super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("donations:campaign", args=[self.slug])

    def clean(self) -> None:
        self.check_unit_stays()
        self.check_reported_stays(self.set_anew(Campaign.objects.all()))
        amounts = [*self.suggested_once, *self.suggested_monthly]
        if self.minimum and any(type(amount) is int and amount < self.minimum for amount in amounts):
            raise ValidationError("A suggested amount is below the smallest gift. Raise the one or lower the other.")
        if self.starts and self.timezone in available_timezones():  # else the field's own message is enough
            self.check_years()
            self.check_chain()
            self.check_move(clock.now())

    def window(self) -> tuple[datetime, datetime | None]:
        """When gifts count, in UTC: from the first midnight up to, and without, the one after the last day."""
        zone = ZoneInfo(self.timezone)
        start = midnight(self.starts, zone)
        return start, midnight(self.ends + timedelta(days=1), zone) if self.ends else None

    def collects(self, now: datetime) -> bool:
        """Whether it takes gifts at `now`: live, and on one of its days, for on another they would count nowhere."""
        start, end = self.window()
        return self.status == self.Status.LIVE and start <= now and (end is None or now < end)

    def days_are_over(self, now: datetime) -> bool:
        end = self.window()[1]
        return end is not None and end <= now

    def over_since(self) -> datetime | None:
        """From when on its figures settle: the end of its last day, or the later moment at which that was set."""
        end = self.window()[1]
        return max(end, self.days_set_at or end) if end else None

    def days_were_set_late(self) -> bool:
        """Whether its days were over when they were set."""
        return self.over_since() != self.window()[1]

    def is_over(self, now: datetime) -> bool:
        """Whether it takes no more gifts at `now`: its last day has passed, or somebody closed it before."""
        return self.status == self.Status.CLOSED or self.days_are_over(now)

    def status_at(self, now: datetime) -> "Campaign.Status":
        """What its status is at `now` by time alone; the worker writes it down a little later."""
        ended = self.status == self.Status.LIVE and self.days_are_over(now)
        return self.Status.CLOSED if ended else self.Status(self.status)

    def last_day(self) -> str:
        """In words: "December 31, 2026"; empty without one."""
        return format_date(self.ends, format="long", locale="en_US") if self.ends else ""

    def has_gifts(self) -> bool:
        """Whether somebody began to give, paid or not."""
        return self.gift_set.exists()

    def has_payments(self) -> bool:
        return self.gift_set.filter(payments__isnull=False).exists()

    def money(self, minor: int, *, trim: bool = True) -> str:
        """Minor units of this campaign's currency in words; whole amounts without decimals."""
        return format_money(minor, self.currency, trim=trim)

    def day(self, moment: datetime) -> str:
        """The day of a moment where this campaign is at home, in words: "October 13, 2026"."""
        return format_date(moment.astimezone(ZoneInfo(self.timezone)), format="long", locale="en_US")

    def set_anew(self, rows: CampaignQuerySet) -> set[str]:
        """Which of its days, its place in a chain and (of a draft) its status differ from its row; all of a new one.

        Who closes a campaign that readers know, or opens it again, sets no days.
        """
        names = [*self.COUNTED_BY, "status"]
        stored = rows.filter(pk=self.pk).values(*names).first()
        if stored and stored["status"] != self.Status.DRAFT:
            names.remove("status")
        return {name for name in names if stored is None or stored[name] != getattr(self, name)}

    @contextmanager
    def sums_kept(self, changed: set[str]) -> Iterator[None]:
        """Around its saving: its sums are counted anew where other payments are its own now, and where it is new.

        What follows it counts the gifts to whatever it follows, too.
        """
        from donations.tallies import recount

        from .tally import Tally

        other_payments = changed & self.COUNTED_BY
        if other_payments:
            Tally.objects.hold()
        yield
        for campaign in (self, *self.after()) if other_payments else ():
            recount(campaign)

    def check_unit_stays(self) -> None:
        """Refuses another currency once a gift was begun in it, and another zone once money came in.

        On an open page the gift is paid in its own currency, and would count nowhere; sums by day are told already.
        """
        before = None if self._state.adding else Campaign.objects.filter(pk=self.pk).first()
        if before and before.currency != self.currency and self.has_gifts():
            raise ValidationError(
                f"“{self}” has gifts, so its currency stays {before.currency}: a payment page may be open in it. "
                "Begin a new campaign for another currency."
            )
        if before and before.timezone != self.timezone and self.has_payments():
            raise ValidationError(
                f"“{self}” has payments, so its time zone stays {before.timezone}. "
                "Begin a new campaign for another zone."
            )

    def check_reported_stays(self, changed: set[str]) -> None:
        """Refuses other days, another zone or place in a chain once a final report told what they had brought."""
        if self._state.adding or not changed & self.COUNTED_BY:
            return
        told = [self, *self.after()] if "follows_id" in changed else [self]
        reported = Campaign.objects.filter(pk__in=[one.pk for one in told], reports__isnull=False).first()
        if reported:
            raise ValidationError(
                f"The final report of “{reported}” is made, so the days, time zone and chain that it tells of stay. "
                "Begin a new campaign for other days."
            )

    def check_years(self) -> None:
        """Refuses days at the ends of time, where no clock can reckon: a slip of the hand."""
        days = {name: day for name in ("starts", "ends") if (day := getattr(self, name)) and day.year not in YEARS}
        words = f"Type a year from {YEARS[0]} to {YEARS[-1]}."
        if days:
            raise ValidationError(
                {name: f"No campaign is held in the year {day.year}. {words}" for name, day in days.items()}
            )

    def check_move(self, now: datetime) -> None:
        """Refuses what could not last: readers do not forget a campaign, and days that are over stay over.

        A last day that has passed would close a live campaign within a minute, so it is taken for a slip of the hand.
        """
        stored = Campaign.objects.filter(pk=self.pk).first()
        if stored and stored.status != self.Status.DRAFT and self.status == self.Status.DRAFT:
            raise ValidationError({"status": "Readers know this campaign, so it stays public. Close it instead."})
        if self.status != self.Status.LIVE or not self.days_are_over(now):
            return
        if stored is None or stored.status != self.Status.LIVE:
            raise ValidationError({"status": self.why_it_stays_closed()})
        if not stored.days_are_over(now):
            raise ValidationError({"ends": self.why_it_would_close()})

    def why_it_would_close(self) -> str:
        return (
            f"{self.last_day()} is over, and a live campaign closes after its last day. Type a day to come. "
            "If it is to end now, set its status to closed."
        )

    def why_it_stays_closed(self) -> str:
        over = f"Its last day was {self.last_day()}, so it takes no gifts and cannot be live."
        if self.pk and self.reports.exists():
            return f"{over} Its final report is made, so its days stay: begin a new campaign that follows it."
        return f"{over} Give it a later last day, or begin a new campaign that follows it."

    def check_chain(self) -> None:
        """Refuses a circle of campaigns, another currency in a chain, and windows of a chain that overlap."""
        chain = [*self.before(), self, *self.after()]
        if len({campaign.currency for campaign in chain}) > 1:
            raise ValidationError({"follows": "A campaign can only follow one in the same currency."})
        for earlier, later in pairwise(chain):
            ends = earlier.window()[1]
            if ends is None or ends > later.window()[0]:
                raise ValidationError(
                    {"follows": f"“{later}” follows “{earlier}”, which must end before {later.starts:%d %B %Y}."}
                )

    def before(self) -> list["Campaign"]:
        """The campaigns that this one follows, the first of the chain first."""
        chain: list[Campaign] = []
        earlier = self.follows
        while earlier:
            if earlier.pk == self.pk or earlier in chain:
                raise ValidationError({"follows": f"“{self}” would follow itself. Choose an earlier campaign."})
            chain.insert(0, earlier)
            earlier = earlier.follows
        return chain

    def after(self) -> list["Campaign"]:
        """The campaigns that follow this one, the last of the chain last."""
        chain: list[Campaign] = []
        later = Campaign.objects.filter(follows=self.pk).first() if self.pk else None
        while later and later.pk != self.pk and later not in chain:
            chain.append(later)
            later = Campaign.objects.filter(follows=later).first()
        return chain
