"""How a campaign ends: it closes after its last day, its figures settle, and then a report of them stays for good.

By time alone it takes nothing after its end; the worker only writes down what the clock says already.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum

from .models import Campaign, CampaignReport, Inspection, Refund, Tally
from .reconcile import EVERY_NIGHT
from .totals import PublicTotals, Totals, payments, totals

Settled = CampaignReport.Settled
A_NIGHT: Final = timedelta(days=1)  # in which our books are held against Stripe's: what no message told is found
AT_MOST: Final = timedelta(days=14)  # then what is still on its way is waited for no longer


def tend(now: datetime) -> None:
    """Closes what is over, hands the place in every appeal on, reports what is final; a second run finds nothing."""
    close_ended(now)
    hand_on(now)
    for campaign in unreported(now):
        report(campaign, now)


def close_ended(now: datetime) -> int:
    """Closes the live campaigns whose last day is over; how many. One that got a later last day meanwhile is left."""
    over = [campaign for campaign in Campaign.objects.live() if campaign.days_are_over(now)]
    rows = [Campaign.objects.live().filter(pk=one.pk, ends=one.ends, timezone=one.timezone) for one in over]
    return sum(row.update(status=Campaign.Status.CLOSED) for row in rows)


def hand_on(now: datetime) -> None:
    """The campaign that follows the default, and asks in its place since that is over, becomes the default itself."""
    before = Campaign.objects.filter(is_default=True).first()
    follower = Campaign.objects.default(now)
    if before and follower and follower != before:
        with transaction.atomic():
            Campaign.objects.hold()
            if Campaign.objects.filter(pk=before.pk, is_default=True).exists():  # nobody chose another one meanwhile
                Campaign.objects.make_default(follower)


# --- The final report ----------------------------------------------------------------------------------------------


def unreported(now: datetime) -> list[Campaign]:
    """The campaigns that were over a night ago and have no report in the installation's mode."""
    reported = CampaignReport.objects.filter(livemode=settings.STRIPE_LIVE).values("campaign")
    ended = Campaign.objects.public().exclude(ends=None).exclude(pk__in=reported)
    return [campaign for campaign in ended if has_waited(campaign, at_least(campaign), now)]


def why_final(campaign: Campaign, figures: Totals, now: datetime) -> str:
    """Why a campaign's figures are final at `now`; empty while they are provisional, or while it goes on."""
    if not has_waited(campaign, at_least(campaign), now):
        return ""
    if not figures.pending and not figures.promised and not going_back(campaign) and compared(campaign):
        return Settled.NOTHING_PENDING
    return Settled.WAITED if has_waited(campaign, AT_MOST, now) else ""


def has_waited(campaign: Campaign, span: timedelta, now: datetime) -> bool:
    since = campaign.over_since()
    return since is not None and since <= now - span


def at_least(campaign: Campaign) -> timedelta:
    """A night; all of the time where its days were set when they were over.

    That may be a slip of the hand, which is put right, or a campaign of last year whose cheques are still to be typed.
    """
    return AT_MOST if campaign.days_were_set_late() else A_NIGHT


def compared(campaign: Campaign) -> bool:
    """Whether a look at all that the nightly one should see began after its last day and left nothing to put right.

    Where giving is switched off there are no books of Stripe's to compare.
    """
    if not settings.STRIPE_SECRET_KEY:
        return True
    looks = Inspection.objects.filter(kind=Inspection.Kind.RECONCILE, livemode=settings.STRIPE_LIVE, remaining=0)
    whole = looks.filter(ended_at__isnull=False, blind=False, since__lte=F("begun_at") - EVERY_NIGHT + A_NIGHT)
    return whole.filter(begun_at__gte=campaign.window()[1]).exists()


def going_back(campaign: Campaign) -> int:
    """What one person says went back and no second one has confirmed, in minor units: it may still lower the sum."""
    of_its_payments = Refund.objects.proposed().filter(payment__in=payments(campaign, settings.STRIPE_LIVE))
    return of_its_payments.aggregate(sum=Sum("amount"))["sum"] or 0


def report(campaign: Campaign, now: datetime) -> CampaignReport | None:
    """Writes the final report of a campaign in the installation's mode; None where it has one, or is not final.

    While the figures are read nothing is booked, and two workers take turns.
    """
    if not why_final(campaign, totals(campaign, now), now):
        return None
    with transaction.atomic():
        Tally.objects.hold()
        campaign = Campaign.objects.get(pk=campaign.pk)  # its days may have been moved since it was read
        figures = totals(campaign, now)
        because = why_final(campaign, figures, now)
        if not because or report_of(campaign):
            return None
        told = {"campaign": campaign, "livemode": settings.STRIPE_LIVE, "made_at": now, "because": because}
        return CampaignReport.objects.create(**told, figures=as_json(figures))


def report_of(campaign: Campaign) -> CampaignReport | None:
    """The final report in the installation's mode."""
    return CampaignReport.objects.filter(campaign=campaign, livemode=settings.STRIPE_LIVE).first()


def as_json(figures: Totals) -> dict[str, Any]:
    """Every figure by its name, in minor units; the moment in UTC, as text."""
    changed = figures.changed_at
    return asdict(figures) | {"net": figures.net, "changed_at": changed.isoformat() if changed else None}


def reported(report: CampaignReport) -> Totals:
    """The figures as they stood; one that this program did not know then is None."""
    told = {field.name: report.figures.get(field.name) for field in fields(Totals)}
    changed = told["changed_at"]
    return Totals(**told | {"changed_at": datetime.fromisoformat(changed) if changed else None})


# --- In words ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ending:
    """How far a campaign has come after its last day, for its page and for the desk. `figures` are those of now."""

    campaign: Campaign
    figures: PublicTotals
    report: CampaignReport | None
    now: datetime

    @property
    def is_provisional(self) -> bool:
        return self.report is None and self.campaign.days_are_over(self.now)

    @property
    def final_by(self) -> str:
        """The day on which the figures are final at the latest, in words."""
        since = self.campaign.over_since()
        return self.campaign.day(max(since + AT_MOST, self.now)) if since else ""

    @property
    def told(self) -> str:
        """The report in a sentence."""
        if self.report is None:
            return ""
        day, raised = self.campaign.day(self.report.made_at), by_whom(self.campaign, reported(self.report))
        return f"Final report of {day}: {raised}."

    @property
    def since(self) -> str:
        """What has changed since the report, in a sentence."""
        if self.report is None:
            return ""
        before, after = reported(self.report), self.figures
        if (before.raised, before.supporters) == (after.raised, after.supporters):
            return "Nothing has changed since then."
        moved = after.raised - before.raised
        verb = "risen" if moved > 0 else "fallen"
        by = f"has {verb} by {self.campaign.money(abs(moved))}, to" if moved else "is still"
        return f"Since then the sum {by} {self.campaign.money(after.raised)} from {supporters(after)}."


def ending(campaign: Campaign, figures: PublicTotals, now: datetime) -> Ending:
    return Ending(campaign, figures, report_of(campaign) if campaign.days_are_over(now) else None, now)


def by_whom(campaign: Campaign, figures: PublicTotals) -> str:
    """What was raised and by how many: "$10,240 raised by 312 supporters"."""
    return f"{campaign.money(figures.raised)} raised by {supporters(figures)}"


def supporters(figures: PublicTotals) -> str:
    return f"{figures.supporters:,} supporter{'' if figures.supporters == 1 else 's'}"


def state(campaign: Campaign, figures: Totals, now: datetime) -> list[str]:
    """Where a campaign stands between draft and final report, for the desk, in sentences."""
    if campaign.status == Campaign.Status.DRAFT:
        return ["A draft: readers do not see it, and it takes no gifts."]
    if campaign.days_are_over(now):
        return after_its_days(ending(campaign, figures, now), figures)
    until = f"until the end of {campaign.last_day()}" if campaign.ends else "without a last day"
    if campaign.status == Campaign.Status.CLOSED:
        kept = f"It is closed and takes no new gifts. Monthly gifts to it go on counting {until}."
        return [kept, *([] if campaign.ends else ["Give it a last day: without one its figures are never final."])]
    start = campaign.window()[0]
    if now < start:
        return [f"It begins on {campaign.day(start)} and takes no gifts before."]
    return [f"It takes gifts {until}{', and then closes by itself' if campaign.ends else ''}."]


def after_its_days(end: Ending, figures: Totals) -> list[str]:
    over = f"It was over at the end of {end.campaign.last_day()}."
    if end.report is None:
        return [over, f"Its figures are provisional: {still_to_come(end, figures)}"]
    return [over, end.told, f"{end.report.get_because_display()}, so it was final.", end.since]


def still_to_come(end: Ending, figures: Totals) -> str:
    named = (
        ("on its way", figures.pending),
        ("promised and not yet confirmed", figures.promised),
        ("said to have gone back and not yet confirmed", going_back(end.campaign)),
    )
    waiting = [f"{end.campaign.money(amount)} is {how}" for how, amount in named if amount]
    if waiting:
        return f"{' and '.join(waiting)}. They are final once that is settled, on {end.final_by} at the latest."
    if end.campaign.days_were_set_late():
        return (
            f"the days were set when they were over. They are final on {end.final_by}: until then the days can be put "
            "right, and what came in can be entered."
        )
    if has_waited(end.campaign, A_NIGHT, end.now):
        return (
            "nothing is on its way. They are final once Stripe's books have been compared, which is done every night, "
            f"on {end.final_by} at the latest."
        )
    return "nothing is on its way. They are final a day after the end, once Stripe's books have been compared."
