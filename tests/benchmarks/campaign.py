"""The pages of a campaign with 200,000 gifts and 10,000 names: server time, template and all. Run by `make bench`.

Some were refunded, disputed, late or made offline; all others came from 2,000 stories. It fills a database of its own beside
the one that DATABASE_URL names, and drops it. Ends with 1 where a page that LIMITS names takes longer than it says.
"""

import sys
from datetime import UTC, datetime
from math import inf

from tests.benchmarks import sums  # the settings come first, with it

# isort: split
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client

from donations.models import AppealShown, Gift, Payment
from donations.tallies import recount
from tests.articles.factories import a_section, an_author, published
from tests.donations import factories

NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
ONCE, OFFLINE, MONTHLY, LATE, ENDED = 136_000, 4_000, 38_000, 2_000, 20_000  # gifts of each kind
NAMED, REFUNDED, DISPUTED = 14, 50, 1000  # one of so many given once
CHARGES = 6  # of each monthly gift
STORIES = 2_000
# Seconds.
LIMITS = {
    "the keepers' page": 0.3,
    "what an open page asks where money moved": 0.3,
    "what it asks where none did": 0.1,
}


def main():
    campaign = fill()
    recount(campaign)
    print(f"{connection.vendor}: {Gift.objects.count():,} gifts, {Payment.objects.count():,} payments")
    times = dict(measured(campaign))
    too_long = [name for name, seconds in times.items() if seconds >= LIMITS.get(name, inf)]
    print("\n".join(f"  {name} {sums.in_ms(seconds)}" for name, seconds in times.items()))
    print("\n".join(f"  TOO LONG: {name}" for name in too_long), flush=True)
    return bool(too_long)


def measured(campaign):
    keeper, editor = a_person(group="Fundraisers"), a_person(group="Editors")
    figures = f"/admin/donations/campaign/{campaign.pk}/figures/"
    fresh = f"{figures}fresh.json"
    yield "the keepers' page", timed(keeper, figures)
    yield "what an open page asks where money moved", timed(keeper, fresh)
    yield "what it asks where none did", timed(keeper, fresh, if_none_match=keeper.get(fresh)["ETag"])
    yield "the workbook", timed(keeper, f"{figures}all.xlsx")
    yield "the page for everyone", timed(Client(), campaign.get_absolute_url())
    for by in ("story", "author"):
        for whose, client, page in (
            ("the fundraisers'", keeper, "/admin/donations/moved/"),
            ("the newsroom's", editor, "/admin/moved/"),
        ):
            yield f"{whose} movers by {by}, counted", timed(client, f"{page}?by={by}", before=cache.clear, times=3)
            yield f"{whose} movers by {by}, kept", timed(client, f"{page}?by={by}")


def timed(client, url, *, before=lambda: None, times=9, **headers):
    def ask():
        assert client.get(url, headers=headers).status_code in {200, 304}

    def once():
        before()
        return sums.timed(ask, times=1)

    once()
    return min(once() for _ in range(times))  # what else the machine does is not the page's


def a_person(*, group):
    person = User.objects.create(username=group, is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(person)
    return client


# --- 200,000 gifts, begun all through the year -----------------------------------------------------------------------


def fill():
    campaign, donor = factories.make_campaign(), factories.make_donor()
    copy_stories()
    sums.copy(donor, ONCE, id=key("i"), email="'donor' || i || '@example.org'")
    copy_given_once(campaign, donor)
    copy_monthly(campaign, donor)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return campaign


def copy_given_once(campaign, donor):
    visibility = f"CASE WHEN i % {NAMED} = 0 THEN 'named' ELSE 'anonymous' END"
    card = factories.make_payment(gift=factories.make_gift(campaign=campaign, donor=donor, status="given"))
    copy_gifts(card, ONCE, first=0, charges=1, visibility=visibility)
    refund, dispute = (make(payment=card, amount=100) for make in (factories.make_refund, factories.make_dispute))
    for row, each in ((refund, REFUNDED), (dispute, DISPUTED)):
        some = {"remote_id": "'back_' || i", "payment_id": f"{sums.FIRST} + i * {each}"}
        sums.copy(row, ONCE // each, id=f"{sums.FIRST} + i", **some)
    cheque = factories.make_gift(campaign=campaign, donor=donor, status="given", livemode=None)
    none = {"article_id": "NULL"}
    copy_gifts(factories.make_payment(gift=cheque, channel="cheque"), OFFLINE, first=3 * 10**6, charges=1, **none)


def copy_monthly(campaign, donor):
    def one(**fields):
        of_all = {"frequency": "monthly", "anchor": NOW, "monthly_amount": 1500}
        gift = factories.make_gift(campaign=campaign, donor=donor, **of_all, **fields)
        return factories.make_payment(gift=gift)

    since = {"charges": CHARGES, "anchor": moment("(i * 17)")}
    copy_gifts(one(status="active"), MONTHLY, first=10**6, **since)
    copy_gifts(one(status="past_due", open_invoice="in_1", open_amount=1500), LATE, first=4 * 10**6, **since)
    copy_gifts(one(status="ended", ended_at=NOW), ENDED, first=2 * 10**6, ended_at=moment("(300000 + i * 7)"), **since)


def copy_gifts(payment, number, *, first, charges, **new):
    """`number` gifts from all stories with their payments; their keys begin at `first`."""
    story = {"article_id": f"{sums.FIRST} + i % {STORIES}", "begun_at": moment("(i * 3)")}
    sums.copy(payment.gift, number, id=key(f"i + {first}"), donor_id=key("i"), name="'Reader ' || i", **(story | new))
    each = {"id": f"{sums.FIRST} + {first} + i", "gift_id": key(f"i % {number} + {first}")}
    each |= {"given_at": moment("(i * 3)"), "confirmed_at": moment("(i * 3)")}
    if payment.remote_id:
        each["remote_id"] = f"'pi_c{first}_' || i"
    sums.copy(payment, number * charges, **each)


def copy_stories():
    """Each of them up, by one of 30 authors in one of 30 sections, its appeal shown on 60 days."""
    story = published()
    version, own = story.publications.get(), f"{sums.FIRST} + i"
    sections = [a_section(name=f"Section {number}") for number in range(30)]
    authors = [an_author(name=f"Author {number}") for number in range(30)]
    sums.copy(story, STORIES, id=own)
    sums.copy(version, STORIES, id=own, article_id=own, section_id=f"{sections[0].pk} + i % 30")
    sums.copy(version.bylines.get(), STORIES, id=own, publication_id=own, author_id=f"{authors[0].pk} + i % 30")
    shown = AppealShown.objects.create(article_id=story.pk, day=NOW, times=300)
    of_day = {"article_id": f"{sums.FIRST} + i % {STORIES}", "day": day(f"(i / {STORIES})")}
    sums.copy(shown, STORIES * 60, id=own, **of_day)


def key(number):
    return sums.WORDS[connection.vendor]["uuid"].format(f"({number})")


def moment(number):
    return sums.WORDS[connection.vendor]["moment"].format(number)


def day(number):
    return sums.WORDS[connection.vendor]["day"].format(number)


if __name__ == "__main__":
    sys.exit(int(sums.in_a_database_of_its_own(main)))
