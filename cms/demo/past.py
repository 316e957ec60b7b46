"""The demo's campaign of last year, which is over: paid by bank transfer, reported, with one cheque that came late."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from donations import closing, offline
from donations.models import Campaign

from .gifts import FIRST, LAST, MAIL, SEED, at_whole_second
from .newsroom import newsroom

TRANSFERS = (5_000, 10_000, 2_500, 25_000, 50_000, 7_500, 20_000, 15_000, 100_000, 5_000, 30_000, 4_000, 12_000)
TRANSFERS += (60_000, 2_000, 25_000, 10_000, 35_000)
LATE = 12_000
DAY = timedelta(days=1)


def campaign_of_last_year(*, users, now):
    """Over on the last of November, final two weeks later; a cheque that was confirmed later came after it."""
    told = newsroom()["past_campaign"]
    year = now.astimezone(ZoneInfo(told["timezone"])).year - 1
    campaign = Campaign.objects.create(
        **told, status=Campaign.Status.LIVE, starts=date(year, 9, 1), ends=date(year, 11, 30)
    )
    Campaign.objects.filter(pk=campaign.pk).update(days_set_at=None)  # long ago, and not now that they are over
    giver = givers()
    for number, amount in enumerate(TRANSFERS):
        payment = enter(campaign, amount, date(year, 9, 3) + number * 4 * DAY, next(giver), users)
        offline.confirm(payment, by=users["Lena Sorensen"], now=payment.entered_at + DAY)
    late = enter(campaign, LATE, date(year, 11, 28), next(giver), users, channel="cheque", reference="0884")
    final = campaign.window()[1] + closing.AT_MOST
    closing.tend(final)
    offline.confirm(late, by=users["Lena Sorensen"], now=final + 3 * DAY)
    return campaign


def enter(campaign, amount, day, giver, users, *, channel="bank", reference=""):
    name, email = giver
    evening = at_whole_second(datetime.combine(day, time(17), ZoneInfo(campaign.timezone)))
    entry = offline.Entry(amount=amount, channel=channel, given_on=day, name=name, email=email, reference=reference)
    return offline.enter(campaign, entry, by=users["Priya Nair"], now=evening)


def givers():
    """People, each another one, and each time the same ones."""
    lot = random.Random(SEED - 1)  # noqa: S311 - a lot, not a secret
    for first, last in zip(lot.sample(FIRST, len(FIRST)), lot.choices(LAST, k=len(FIRST)), strict=True):
        yield f"{first} {last}", f"{first}.{last}@{lot.choice(MAIL)}".lower()
