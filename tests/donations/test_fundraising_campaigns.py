"""Campaigns at the desk: money typed as people write it, a unit that stays, and figures that explain themselves."""

from datetime import date

import pytest
from django.urls import reverse

from donations.models import Campaign
from donations.money import MAX_AMOUNT, AmountRefused, parse_amount
from tests.donations.factories import NOON, make_campaign, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
LIST = reverse("admin:donations_campaign_changelist")
ADD = reverse("admin:donations_campaign_add")


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


def page_of(campaign, name="change"):
    return reverse(f"admin:donations_campaign_{name}", args=[campaign.pk])


def typed(**changes):
    return {
        "title": "Publishing costs",
        "slug": "publishing-costs",
        "appeal": "We need $10,000 to meet this year's publishing costs.",
        "status": "live",
        "starts": "2026-01-01",
        "ends": "2026-12-31",
        "timezone": "America/New_York",
        "currency": "USD",
        "goal": "10,000.00",
        "minimum": "1",
        "suggested_once": "25, 50, 100, 250",
        "suggested_monthly": "5 10 19.99",
        **changes,
    }


def errors(response, name):
    return response.context["adminform"].form.errors.get(name)


def test_money_is_typed_as_people_write_it_and_kept_in_minor_units(priya):
    assert priya.post(ADD, typed()).status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.goal, campaign.minimum) == (1_000_000, 100)
    assert campaign.suggested_once == [2500, 5000, 10000, 25000]
    assert campaign.suggested_monthly == [500, 1000, 1999]


def test_the_form_shows_money_as_people_write_it(priya):
    campaign = make_campaign(goal=1_000_050, minimum=150, suggested_once=[2500, 1999, 100000])
    form = priya.get(page_of(campaign)).context["adminform"].form
    assert form["goal"].value() == "10,000.50"
    assert form["minimum"].value() == "1.50"
    assert form["suggested_once"].value() == "25, 19.99, 1000"


def test_what_the_form_shows_can_be_saved_again_without_a_change(priya):
    priya.post(ADD, typed())
    before = Campaign.objects.values().get()
    form = priya.get(page_of(Campaign.objects.get())).context["adminform"].form
    again = {name: form[name].value() or "" for name in form.fields}
    assert priya.post(page_of(Campaign.objects.get()), again).status_code == 302
    assert Campaign.objects.values().get() == before


def test_a_campaign_may_have_no_goal_and_suggest_nothing(priya):
    priya.post(ADD, typed(goal="", suggested_once="", suggested_monthly=" "))
    campaign = Campaign.objects.get()
    assert campaign.goal is None
    assert campaign.suggested_once == campaign.suggested_monthly == []


def test_yen_are_whole(priya):
    priya.post(
        ADD, typed(currency="JPY", goal="1,500,000", minimum="100", suggested_once="1000", suggested_monthly="")
    )
    campaign = Campaign.objects.get()
    assert (campaign.goal, campaign.suggested_once) == (1_500_000, [1000])


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("goal", "ten", "“ten” is not an amount. Use digits only, such as 25 or 19.99."),
        ("goal", "10.001", "“10.001” has too many decimals for USD. Type it like 25 or 19.99."),
        ("goal", "-5", "“-5” is not an amount. Use digits only, such as 25 or 19.99."),
        ("goal", "99999999999999", "That is too much. The most is $9,999,999,900.00."),
        ("minimum", "0", "The amount is zero. Type an amount above zero."),
        ("minimum", "2000000", "That is more than one payment can carry. The most is $999,999.99."),
        ("suggested_once", "25, fifty", "“fifty” is not an amount. Use digits only, such as 25 or 19.99."),
        ("suggested_once", "25, 25", "An amount is in the list twice. Leave one of them out."),
        (
            "suggested_once",
            "1,000",
            "“1,000” could be one amount or two. Put a space after each comma, "
            "and write thousands without one: 250, 1000.",
        ),
    ],
)
def test_what_is_no_amount_is_refused_in_words_and_kept_in_the_form(priya, field, text, words):
    answer = priya.post(ADD, typed(**{field: text}))
    assert answer.status_code == 200
    assert errors(answer, field) == [words]
    assert answer.context["adminform"].form[field].value() == text
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("status", ["draft", "live"])
def test_a_slip_in_a_year_is_refused_beside_the_day(priya, status):
    answer = priya.post(ADD, typed(status=status, starts="0001-01-01", ends="9999-12-31", timezone="Asia/Tokyo"))
    assert errors(answer, "starts") == ["No campaign is held in the year 1. Type a year from 2000 to 2999."]
    assert errors(answer, "ends") == ["No campaign is held in the year 9999. Type a year from 2000 to 2999."]
    assert not Campaign.objects.exists()


def test_a_goal_may_be_larger_than_one_payment():
    assert parse_amount("2,500,000", "USD", most=10 * MAX_AMOUNT) == 250_000_000
    with pytest.raises(AmountRefused, match="more than one payment can carry"):
        parse_amount("2,500,000", "USD")


def test_a_suggestion_below_the_smallest_gift_is_refused(priya):
    answer = priya.post(ADD, typed(minimum="30"))
    assert "below the smallest gift" in answer.content.decode()
    assert not Campaign.objects.exists()


GIVEN_TO = "Gifts have been begun in it, so this stays: a payment page may be open. A new campaign can differ."
PAID_TO = "Payments have come in, so this stays: sums already told would change. A new campaign can differ."


def test_the_currency_stays_from_the_first_gift_on_and_the_zone_from_the_first_payment(priya):
    gift = make_gift(status="begun")
    shown = [priya.get(page_of(gift.campaign)).content.decode()]
    make_payment(gift=gift)
    shown.append(priya.get(page_of(gift.campaign)).content.decode())
    assert [(page.count(GIVEN_TO), page.count(PAID_TO)) for page in shown] == [(1, 0), (1, 1)]


def test_what_came_to_stay_while_the_page_was_open_is_refused_beside_what_was_typed(priya):
    campaign = make_campaign(slug="publishing-costs", title="Old title")
    make_payment(gift=make_gift(campaign=campaign, status="given"))
    changed = typed(title="New title", currency="EUR", timezone="Europe/Berlin", goal="9,000.00")
    answer = priya.post(page_of(campaign), changed)
    assert (errors(answer, "currency"), errors(answer, "timezone")) == ([GIVEN_TO], [PAID_TO])
    shown = answer.context["adminform"].form
    assert (shown["currency"].value(), shown["goal"].value(), shown["title"].value()) == (
        "USD",
        "9,000.00",
        "New title",
    )
    campaign.refresh_from_db()
    assert (campaign.title, campaign.currency, campaign.goal) == ("Old title", "USD", 1_000_000)


def test_before_any_gift_currency_and_zone_can_change(priya):
    campaign = make_campaign(status="draft", slug="publishing-costs")
    priya.post(page_of(campaign), typed(currency="EUR", timezone="Europe/Berlin"))
    campaign.refresh_from_db()
    assert (campaign.currency, campaign.timezone) == ("EUR", "Europe/Berlin")


def test_the_address_stays_once_readers_know_it(priya):
    campaign = make_campaign(slug="publishing-costs", status="closed")
    assert "Readers and articles know this address" in priya.get(page_of(campaign)).content.decode()
    priya.post(page_of(campaign), typed(slug="other"))
    campaign.refresh_from_db()
    assert campaign.slug == "publishing-costs"


def test_no_campaign_is_deleted_at_the_desk(client, admin_user):
    client.force_login(admin_user)
    campaign = make_campaign()
    assert client.post(page_of(campaign, "delete"), {"post": "yes"}).status_code == 404
    client.post(LIST, {"action": "delete_selected", "_selected_action": [campaign.pk]})
    assert Campaign.objects.get() == campaign


def test_the_list_tells_goal_raised_and_share(priya):
    campaign = make_campaign(goal=20000)
    make_payment(gift=make_gift(campaign=campaign, status="given"), amount=6050)
    make_campaign(goal=None)
    shown = priya.get(LIST).content.decode()
    assert '<td class="field-raised">$60.50</td>' in shown
    assert '<td class="field-goal_in_words">$200</td>' in shown
    assert '<td class="field-percent">30 %</td>' in shown
    assert '<td class="field-goal_in_words">None</td>' in shown
    assert '<td class="field-percent"><span class="none">–</span></td>' in shown


def figures_of(response):
    return {figure.name: figure for _, group in response.context["groups"] for figure in group}


def test_the_figures_are_told_exactly_each_with_its_meaning(priya):
    campaign = make_campaign(goal=100_000)
    gift = make_gift(campaign=campaign, status="given")
    make_refund(payment=make_payment(gift=gift, amount=10000, fee=320), amount=2500)
    make_payment(gift=gift, amount=5000, fee=None)
    answer = priya.get(page_of(campaign, "figures"))
    told = {name: figure.value for name, figure in figures_of(answer).items()}
    expected = {
        "raised": "$125.00",
        "supporters": "1",
        "received": "$150.00",
        "reversed": "$25.00",
        "fees": "$3.20",
        "dispute_fees": "$0.00",
        "net": "$121.80",
        "pending": "$0.00",
        "promised": "$0.00",
        "run_rate": "$0.00",
        "projected": "$125.00",
        "at_risk": "$0.00",
    }
    assert told.items() >= expected.items()
    assert set(told) == {*expected, "on_track"}
    assert all(figure.meaning.endswith(".") for figure in figures_of(answer).values())
    assert "1 fee not known yet" in " ".join(answer.content.decode().split())


def test_figures_that_a_campaign_without_end_or_goal_cannot_have_say_so(priya):
    campaign = make_campaign(goal=None, ends=None)
    told = figures_of(priya.get(page_of(campaign, "figures")))
    assert told["projected"].value == "The campaign has no end"
    assert told["on_track"].value == "Needs a goal and a last day"


def test_the_bar_stops_at_a_hundred_and_the_words_do_not(priya):
    campaign = make_campaign(goal=1000)
    make_payment(gift=make_gift(campaign=campaign, status="given"), amount=2500)
    shown = " ".join(priya.get(page_of(campaign, "figures")).content.decode().split())
    assert 'max="100" value="100"' in shown
    assert "250 %" in shown


def test_another_campaign_becomes_the_default_in_one_step(priya):
    first, second = make_campaign(is_default=True), make_campaign()
    asked = priya.get(page_of(second, "default"))
    assert f"Every appeal that names no other campaign will ask for “{second}” from now on." in asked.content.decode(
        asked.charset
    )
    priya.post(page_of(second, "default"))
    assert Campaign.objects.default(NOON) == second
    first.refresh_from_db()
    assert first.is_default is False


def test_asking_alone_changes_nothing_and_a_draft_cannot_be_the_default(priya):
    draft = make_campaign(status="draft")
    live = make_campaign()
    priya.get(page_of(live, "default"))
    answer = priya.post(page_of(draft, "default"), follow=True)
    assert "Only a live campaign can be the default" in answer.content.decode()
    assert Campaign.objects.default(NOON) is None


def test_a_successor_is_chosen_at_the_desk(priya):
    earlier = make_campaign(starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    priya.post(ADD, typed(follows=earlier.pk))
    assert Campaign.objects.get(slug="publishing-costs").follows == earlier


def test_a_campaign_that_would_overlap_the_one_before_is_refused_in_words(priya):
    earlier = make_campaign()
    answer = priya.post(ADD, typed(follows=earlier.pk))
    assert "must end before 01 January 2026" in str(errors(answer, "follows"))
