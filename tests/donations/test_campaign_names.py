"""A campaign's page for everyone: what each month brought, and who agreed to be named. Nobody else's name is on it (R18)."""

import re
from datetime import UTC, datetime

import pytest

from donations.models import Gift
from donations.totals import public_totals
from tests.donations.factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs")


def give(campaign, name, *, visibility="named", donor=None, **payment):
    gift = make_gift(campaign=campaign, donor=donor, name=name, visibility=visibility, status="given")
    return make_payment(gift=gift, **payment)


def page(client, campaign, asked=""):
    answer = client.get(f"/campaigns/{campaign.slug}/{asked}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def named(html):
    return re.findall(r"<li> <bdi>(.*?)</bdi> </li>", html)


def months(html):
    """The rows of the table of months, and its sum."""
    body, foot = re.search(r"<tbody>(.*?)</tbody> <tfoot>(.*?)</tfoot>", html).groups()
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    return rows, re.findall(r"<td[^>]*>(.*?)</td>", foot)


# --- Months -----------------------------------------------------------------------------------------------------------


def test_every_month_tells_what_came_once_and_monthly(client, costs):
    give(costs, "", amount=123_456, given_at=datetime(2026, 9, 30, 13, tzinfo=UTC))
    monthly = make_gift(campaign=costs, frequency="monthly", status="active", anchor=datetime(2026, 9, 1, tzinfo=UTC))
    make_payment(gift=monthly, amount=1500, given_at=datetime(2026, 10, 1, 13, tzinfo=UTC))
    rows, together = months(page(client, costs))

    assert rows[:3] == [
        ["Nov 2026", "0.00", "0.00", "0.00"],
        ["Oct 2026", "0.00", "15.00", "15.00"],
        ["Sep 2026", "1,234.56", "0.00", "1,234.56"],
    ]
    assert len(rows) == 11
    assert together == ["1,249.56"]
    assert public_totals(costs).raised == 124_956


def test_a_campaign_that_has_not_begun_has_no_months(client):
    assert "Month by month" not in page(client, make_campaign(starts=datetime(2026, 12, 1).date()))


# --- Names ------------------------------------------------------------------------------------------------------------


def test_those_who_agreed_are_named_by_the_alphabet_and_nobody_else(client, costs):
    give(costs, "Zoë Marsh")
    give(costs, "émile Roux")
    give(costs, "Ann Poe")
    give(costs, "Hidden Person", visibility="anonymous")
    give(costs, "")
    html = page(client, costs)

    assert named(html) == ["Ann Poe", "émile Roux", "Zoë Marsh"]
    assert "Hidden" not in html
    assert "@example.org" not in html


def test_without_anybody_to_name_there_is_no_list(client, costs):
    give(costs, "Hidden Person", visibility="anonymous")
    assert "With thanks to" not in page(client, costs)


def test_somebody_of_whose_gifts_nothing_has_stayed_is_not_named(client, costs):
    make_refund(payment=give(costs, "All Back"))
    make_dispute(payment=give(costs, "Bank Took"))
    make_refund(payment=give(costs, "Part Back"), amount=100)
    give(costs, "On Way", status="pending", confirmed_at=None)
    give(costs, "Too Late", given_at=datetime(2027, 2, 1, tzinfo=UTC))
    give(make_campaign(), "Somewhere Else")
    give(costs, "Other Mode", livemode=True)

    assert named(page(client, costs)) == ["Part Back"]


def test_one_person_is_named_once_and_namesakes_each(client, costs):
    donor = make_donor()
    for name in ("Ann Poe", "Ann Poe", "Ann and Bob Poe"):
        give(costs, name, donor=donor)
    give(costs, "Ann Poe")

    assert named(page(client, costs)) == ["Ann and Bob Poe", "Ann Poe", "Ann Poe"]


def test_a_monthly_gift_to_the_campaign_before_is_named_where_it_is_charged(client):
    before = make_campaign(starts=datetime(2025, 1, 1).date(), ends=datetime(2025, 12, 31).date())
    give(before, "Ann Poe", given_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert named(page(client, before)) == []
    assert named(page(client, make_campaign(follows=before))) == ["Ann Poe"]


def test_a_person_who_was_removed_is_named_no_more(client, costs):
    donor = make_donor()
    give(costs, "Ann Poe", donor=donor)
    donor.email, donor.scrubbed_at = None, datetime(2026, 11, 1, tzinfo=UTC)
    donor.save()

    assert named(page(client, costs)) == []


def test_whoever_takes_the_name_back_is_gone_from_every_kept_page(client, costs):
    give(costs, "Ann Poe")
    answer = client.get("/campaigns/publishing-costs/")
    same = {"If-None-Match": answer["ETag"]}
    assert answer["Cache-Control"] == "no-cache"
    assert not answer.cookies
    assert client.get("/campaigns/publishing-costs/", headers=same).status_code == 304

    Gift.objects.update(visibility="anonymous")
    fresh = client.get("/campaigns/publishing-costs/", headers=same)
    assert fresh.status_code == 200
    assert "Ann" not in fresh.content.decode()


def test_a_name_is_only_text(client, costs):
    give(costs, "<b>Bold</b>")
    assert named(page(client, costs)) == ["&lt;b&gt;Bold&lt;/b&gt;"]


def test_many_names_are_on_pages(client, costs, monkeypatch):
    monkeypatch.setattr("donations.campaign_page.NAMES_PER_PAGE", 2)
    for name in ("Ann", "Bob", "Cem", "Dag", "Eva"):
        give(costs, name)
    first, last = page(client, costs), page(client, costs, "?page=3")

    assert named(first) == ["Ann", "Bob"]
    assert '<a href="?page=2#named" rel="next">And 3 more</a>' in first
    assert "1 to 2 of 5 who agreed to be named here" in first
    assert named(last) == ["Eva"]
    assert 'rel="next"' not in last


@pytest.mark.parametrize("asked", ["2", "0", "-1", "x", ""])
def test_a_page_of_names_that_is_not_there_is_not_found(client, costs, asked):
    assert client.get(f"/campaigns/publishing-costs/?page={asked}").status_code == 404


def test_the_page_costs_the_same_few_queries_however_many_are_named(client, costs, django_assert_max_num_queries):
    for number in range(12):
        give(costs, f"Reader {number}")
    with django_assert_max_num_queries(9):
        page(client, costs)
