"""A campaign in public: its page, its figures for programs, and the appeal on a story."""

import json
from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template

from donations.models import Campaign

from .factories import make_campaign, make_donor, make_gift, make_payment, make_refund

pytestmark = pytest.mark.django_db
CHANGED = datetime(2026, 10, 13, 14, 0, 30, 123456, tzinfo=UTC)


@pytest.fixture
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", appeal="We need $10,000.", is_default=True)


def pay(campaign, **fields):
    gift = make_gift(campaign=campaign, status="given", changed_at=CHANGED)
    return make_payment(gift=gift, **fields)


def page(client, campaign, path="/"):
    answer = client.get(f"/campaigns/{campaign.slug}{path}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- The page -------------------------------------------------------------------------------------------------------


def test_the_page_says_exactly_how_a_campaign_stands(client, costs):
    pay(costs, amount=123_456)
    make_refund(payment=pay(costs, amount=5000), amount=1999)
    pay(costs, amount=30_000, status="pending", confirmed_at=None)
    html = page(client, costs)

    assert "We need $10,000." in html
    assert "$1,264.57" in html
    assert "$10,000.00, of which 12% is raised" in html
    assert "$300.00, not counted yet" in html
    assert '<th scope="row">Supporters</th> <td>2</td>' in html
    assert "January 1, 2026" in html
    assert "December 31, 2026, the whole day" in html
    assert "in New York time" in html
    assert 'value="12" max="100"' in html
    assert 'href="/donate/?campaign=publishing-costs&amp;appeal=campaign"' in html


def test_the_page_says_in_words_how_it_counts(client, costs):
    html = page(client, costs)

    assert "How we count" in html
    assert "What we gave back, and what a bank took back, is taken off the day on which it had been given." in html
    assert "Payments that are on their way are shown apart" in html


def test_more_than_the_goal_is_said_and_the_bar_is_full(client, costs):
    pay(costs, amount=1_250_000)
    html = page(client, costs)

    assert 'value="100" max="100"' in html
    assert "125" in html
    assert "the goal is reached" in html


def test_a_campaign_without_goal_and_end_promises_neither(client):
    html = page(client, make_campaign(goal=None, ends=None))

    assert "<progress" not in html
    assert "of which" not in html
    assert '<th scope="row">Until</th> <td>no end</td>' in html


def test_a_closed_campaign_thanks_asks_for_nothing_more_and_names_what_follows(client, costs):
    spring = make_campaign(title="Spring", status="closed", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    costs.follows = spring
    costs.save()
    html = page(client, spring)

    assert "This campaign is over. Thank you to everybody who gave." in html
    assert 'href="/campaigns/publishing-costs/"' in html
    assert f"campaign={spring.slug}" not in html


@pytest.mark.parametrize("ending", ["/", "/bar/", ".json"])
def test_a_draft_and_an_unknown_campaign_do_not_exist(client, ending):
    make_campaign(slug="secret", status="draft")

    assert client.get(f"/campaigns/secret{ending}").status_code == 404
    assert client.get(f"/campaigns/nobody{ending}").status_code == 404


@pytest.mark.parametrize("ending", ["/", "/bar/", ".json"])
def test_it_may_be_kept_and_is_asked_for_again(client, costs, ending):
    answer = client.get(f"/campaigns/publishing-costs{ending}")
    assert answer["Cache-Control"] == "no-cache"
    assert not answer.cookies
    same = {"If-None-Match": answer["ETag"]}
    assert client.get(f"/campaigns/publishing-costs{ending}", headers=same).status_code == 304

    pay(costs)
    assert client.get(f"/campaigns/publishing-costs{ending}", headers=same).status_code == 200


def test_test_mode_is_said(client, costs, settings):
    assert "Test mode" in page(client, costs)
    settings.STRIPE_LIVE = True
    assert "est mode" not in page(client, costs)


def test_no_giver_is_in_the_figures_and_none_on_the_page_who_did_not_agree(client, costs):
    for name, visibility in (("Ann Poe", "named"), ("Hidden Person", "anonymous")):
        donor = make_donor(email=f"{visibility}@example.org")
        make_payment(gift=make_gift(campaign=costs, donor=donor, name=name, visibility=visibility, status="given"))

    assert "Ann Poe" in page(client, costs)
    for path in ("/bar/", ".json"):
        assert "Ann" not in page(client, costs, path)
    for path in ("/", "/bar/", ".json"):
        html = page(client, costs, path)
        assert "Hidden" not in html
        assert "@example.org" not in html


# --- The bar alone ----------------------------------------------------------------------------------------------------


def test_the_bar_alone_is_what_the_pages_print(client, costs):
    pay(costs, amount=580_000)
    alone = page(client, costs, "/bar/")

    assert "$5,800" in alone
    assert "58% of the goal" in alone
    assert alone in page(client, costs)
    assert alone in appeal()
    assert "<html" not in alone
    assert client.get("/campaigns/publishing-costs/bar/")["X-Robots-Tag"] == "noindex"


# --- The figures for programs -----------------------------------------------------------------------------------------


def test_the_figures_have_exactly_these_keys(client, costs):
    pay(costs, amount=123_456)
    pay(costs, amount=30_000, status="pending", confirmed_at=None)
    answer = client.get("/campaigns/publishing-costs.json")

    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer.content) == {
        "campaign": "publishing-costs",
        "currency": "USD",
        "goal": 1_000_000,
        "raised": 123_456,
        "pending": 30_000,
        "percent": 12,
        "supporters": 1,
        "starts": "2026-01-01",
        "ends": "2026-12-31",
        "timezone": "America/New_York",
        "status": "live",
        "livemode": False,
        "updated_at": "2026-10-13T14:00:30Z",
    }


def test_what_is_not_there_is_null(client):
    evergreen = make_campaign(goal=None, ends=None, status="closed")
    told = client.get(f"/campaigns/{evergreen.slug}.json").json()

    assert (told["goal"], told["percent"], told["ends"], told["updated_at"]) == (None, None, None, None)
    assert (told["raised"], told["status"]) == (0, "closed")


def test_the_figures_tell_the_mode_and_count_only_its_money(client, costs, settings):
    pay(costs)
    settings.STRIPE_LIVE = True
    told = client.get("/campaigns/publishing-costs.json").json()

    assert (told["livemode"], told["raised"]) == (True, 0)


def test_scripts_of_other_sites_may_read_every_answer(client, costs):
    path = "/campaigns/publishing-costs.json"
    fresh = client.get(path)
    kept = client.get(path, headers={"If-None-Match": fresh["ETag"]})
    unknown = client.get("/campaigns/nobody.json")
    assert [answer.status_code for answer in (fresh, kept, unknown)] == [200, 304, 404]
    assert {answer["Access-Control-Allow-Origin"] for answer in (fresh, kept, unknown)} == {"*"}


def test_the_figures_cost_two_queries(client, costs, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get("/campaigns/publishing-costs.json")


# --- The appeal -------------------------------------------------------------------------------------------------------


def appeal(article_id=7):
    html = Template("{% load appeal %}{% appeal id %}").render(Context({"id": article_id}))
    return " ".join(html.split())


def test_the_appeal_shows_the_default_campaign_and_leads_to_a_form_that_knows_the_story(costs):
    make_campaign(appeal="Another one.")
    pay(costs, amount=580_000)
    html = appeal()

    assert "We need $10,000." in html
    assert "$5,800" in html
    assert 'value="58" max="100"' in html
    assert 'href="/donate/?campaign=publishing-costs&amp;article=7&amp;appeal=end"' in html
    assert 'href="/donate/?campaign=publishing-costs&amp;article=7&amp;appeal=end&amp;frequency=monthly"' in html
    assert 'data-bar="/campaigns/publishing-costs/bar/"' in html


@pytest.mark.parametrize("change", [{"status": "draft"}, {"status": "closed"}, {"is_default": False}])
def test_without_a_default_campaign_that_collects_there_is_no_appeal(costs, change):
    assert appeal()
    Campaign.objects.update(**change)
    assert appeal() == ""


@pytest.mark.parametrize(
    ("moment", "asks"),
    [
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 1, 5, 0, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), False),
    ],
)
def test_stories_and_the_page_ask_on_the_campaigns_own_days_alone(client, costs, time_machine, moment, asks):
    time_machine.move_to(moment)
    assert bool(appeal()) == asks
    assert ("campaign=publishing-costs" in page(client, costs)) == asks


def test_an_appeal_costs_two_queries(costs, django_assert_num_queries):
    with django_assert_num_queries(2):
        appeal()
