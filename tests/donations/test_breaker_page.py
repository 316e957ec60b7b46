"""The page of the breaker at the desk: what it tells, and who may switch."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from donations import breaker
from donations.models import Breaker, BreakerRule

from .factories import make_campaign, make_user
from .fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:donations_breaker")
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
PAUSED = "One-off gifts are paused (by itself, Nov. 10, 2026, 9 a.m.)."


@pytest.fixture(autouse=True)
def priya(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    make_campaign(is_default=True)
    priya = a_fundraiser()
    client.force_login(priya)
    return priya


def by_itself():
    return breaker.opened("pause", NOW, figures=breaker.Figures(failed=34, attempts=40, left=0, forms=0))


def words(answer):
    return " ".join(answer.content.decode().split())


def test_while_gifts_go_on_the_page_says_so(client):
    assert "New gifts go on as ever, once and monthly." in words(client.get(PAGE))


def test_what_began_by_itself_is_told_with_its_figures_and_when_it_ends(client):
    by_itself()
    page = client.get(PAGE)

    assert PAUSED in words(page)
    assert "It ends by itself 30 minutes after it began" in words(page)
    assert page.context["tables"][0].rows[0][1:5] == ["One-off gifts are paused", "Itself", 40, 34]
    assert PAUSED in words(client.get(reverse("admin:index")))


def test_a_fundraiser_pauses_gifts_and_lets_them_go_on_each_with_their_name(client, priya):
    assert client.post(PAGE, {"switch": "1", "now-does": "pause"}).status_code == 302
    row = Breaker.objects.get()
    assert (row.does, row.opened_by, row.opened_at, row.closed_at) == ("pause", priya, NOW, None)
    assert "One-off gifts are paused (by Priya Nair, Nov. 10, 2026, 9 a.m.)." in words(client.get(PAGE))

    client.post(PAGE, {"switch": "1", "now-does": "go_on"})
    row.refresh_from_db()
    assert (row.closed_at, row.closed_by) == (NOW, priya)


def test_a_fundraiser_pauses_new_monthly_gifts_by_themselves_and_lets_them_go_on(client, priya):
    client.post(PAGE, {"switch": "1", "now-does": "pause"})
    client.post(PAGE, {"switch_monthly": "1", "monthly-does": "pause"})
    row = Breaker.objects.get(frequency="monthly")
    assert (row.does, row.opened_by, row.closed_at) == ("pause", priya, None)
    page = client.get(PAGE)
    assert "New monthly gifts are paused (by Priya Nair, Nov. 10, 2026, 9 a.m.)." in words(page)
    assert page.context["monthly"].initial == {"does": "pause"}
    assert {row[1] for row in page.context["tables"][0].rows} == {
        "One-off gifts are paused",
        "New monthly gifts are paused",
    }

    answer = client.post(PAGE, {"switch_monthly": "1", "monthly-does": "go_on"}, follow=True)
    assert "New monthly gifts go on as ever." in words(answer)
    assert list(Breaker.objects.open().values_list("frequency", flat=True)) == ["once"]


def test_what_is_no_choice_for_monthly_gifts_is_told_and_nothing_is_switched(client):
    answer = client.post(PAGE, {"switch_monthly": "1", "monthly-does": "raise"})
    assert answer.status_code == 422
    assert answer.context["monthly"].errors["does"]
    assert Breaker.objects.count() == 0


def test_both_kinds_of_gifts_are_measured_in_sight(client):
    assert [of for of, _ in client.get(PAGE).context["figures"]] == ["Gifts once", "First charges of monthly gifts"]


def test_a_fundraiser_raises_the_smallest_gift(client):
    client.post(PAGE, {"switch": "1", "now-does": "raise", "now-minimum": "20"})
    assert (Breaker.objects.get().does, Breaker.objects.get().minimum) == ("raise", 2000)
    assert "The smallest gift once is $20.00 (by Priya Nair," in words(client.get(PAGE))


@pytest.mark.parametrize("typed", ["", "nothing", "0"])
def test_an_amount_that_is_none_is_told_and_nothing_is_switched(client, typed):
    answer = client.post(PAGE, {"switch": "1", "now-does": "raise", "now-minimum": typed})
    assert answer.status_code == 422
    assert answer.context["switch"].errors["minimum"]
    assert Breaker.objects.count() == 0


def test_an_amount_beside_a_pause_is_not_looked_at(client):
    client.post(PAGE, {"switch": "1", "now-does": "pause", "now-minimum": "nothing"})
    assert Breaker.objects.get().minimum is None


def test_a_fundraiser_decides_what_happens_when_it_begins_by_itself(client, priya):
    client.post(PAGE, {"rule": "1", "rule-does": "raise", "rule-minimum": "15"})
    rule = BreakerRule.objects.get()
    assert (rule.does, rule.minimum, rule.set_by, rule.set_at) == ("raise", 1500, priya, NOW)
    assert "Decided by Priya Nair" in words(client.get(PAGE))
    assert Breaker.objects.count() == 0


def test_whoever_sees_givers_but_may_not_switch_sees_no_switch(client):
    reader = a_person(username="reader")
    names = ["view_gift", "view_payment", "view_donor"]
    reader.user_permissions.add(*permissions(names))
    client.force_login(reader)

    assert "<form method" not in client.get(PAGE).content.decode().split('id="content-main"')[1]
    assert client.post(PAGE, {"switch": "1", "now-does": "pause"}).status_code == 404
    assert Breaker.objects.count() == 0


def permissions(names):
    return Permission.objects.filter(codename__in=names)


def test_whoever_may_do_nothing_but_switch_it_can(client):
    omar = a_person(username="omar")
    omar.user_permissions.add(*permissions(["switch_breaker"]))
    client.force_login(omar)
    assert client.get(PAGE).status_code == 200
    client.post(PAGE, {"switch": "1", "now-does": "pause"})
    assert Breaker.objects.get().opened_by == omar


def test_for_an_editor_there_is_no_such_page(client):
    client.force_login(a_person(username="ed", group="Editors"))
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"switch": "1", "now-does": "pause"}).status_code == 404
    assert Breaker.objects.count() == 0


def test_the_page_tells_who_switched_it_off(client):
    row = by_itself()
    breaker.switch_off(NOW + timedelta(minutes=5), by=make_user(username="omar"))
    assert client.get(PAGE).context["tables"][0].rows[0][-1] == "omar"
    assert row.opened_by is None
