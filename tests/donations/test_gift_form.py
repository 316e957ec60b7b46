"""The gift form, from what was typed to Stripe's page, against the sandbox."""

import logging
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from donations import checkout, forms
from donations.models import Donor, Gift
from donations.scrubbing import scrub
from donations.stripe_gateway import Gateway
from tests.articles.factories import TOMORROW, a_draft, published, republish
from tests.articles.test_blanking_verbs import blank

from .factories import make_campaign, make_gift
from .giving import open_page

pytestmark = pytest.mark.django_db
DONATE = "/donate/"


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)


def page(client, status=200, **query):
    answer = client.get(f"{DONATE}?{urlencode(query)}")
    assert answer.status_code == status
    return answer.content.decode()


def hidden(html, name):
    [tag] = re.findall(rf'<input type="hidden"[^>]*name="{name}"[^>]*>', html)
    found = re.search(r'value="([^"]*)"', tag)
    return found[1] if found else ""


def checked(html, name):
    return re.findall(rf'<input type="radio" name="{name}" value="([^"]*)"[^>]*checked', html)


def typed(client, **changes):
    """A form as a reader would fill it in."""
    html = page(client)
    ours = {"frequency": "once", "amount": "25", "amount_other": "", "email": "ann@example.org", "name": ""}
    ours |= {"visibility": "anonymous", "token": hidden(html, "token"), "campaign": hidden(html, "campaign")}
    return ours | changes


def send(client, fields):
    return client.post(DONATE, fields)


def session_in(sandbox, url):
    return sandbox.objects["checkout.session"][url.rsplit("/", 1)[-1]]


# --- The page -------------------------------------------------------------------------------------------------------


def test_the_form_is_kept_by_nobody_and_may_lead_to_the_payment_page_alone(client, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:8001"
    answer = client.get(DONATE)

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    rules = dict(rule.strip().split(" ", 1) for rule in answer["Content-Security-Policy"].split(";"))
    assert rules["form-action"] == "'self' https://checkout.stripe.com http://127.0.0.1:8001"
    assert rules["script-src"] == "'self'"


def test_without_a_stripe_of_its_own_only_stripe_is_allowed(client):
    policy = client.get(DONATE)["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com;" in policy + ";"


def test_the_form_is_protected_against_being_sent_by_others(client):
    fields = typed(client)
    answer = Client(enforce_csrf_checks=True).post(DONATE, fields)

    assert answer.status_code == 403
    assert "Nothing was changed and nothing was charged." in answer.content.decode()


def test_the_form_begins_once_anonymous_and_without_an_amount(client):
    html = page(client)

    assert checked(html, "frequency") == ["once"]
    assert checked(html, "visibility") == ["anonymous"]
    assert checked(html, "amount") == []
    assert "charged monthly until you stop" in html
    assert "Continue to payment" in html


def test_every_suggestion_stands_once_and_says_for_which_rhythm_it_is(client, costs):
    costs.suggested_once, costs.suggested_monthly = [2500, 5000], [1000, 2500]
    costs.save()
    html = page(client)

    cards = re.findall(r'<label class="choice" data-for="([^"]+)">\s*<input[^>]*value="([^"]+)"', html)
    assert cards == [("monthly", "10"), ("once monthly", "25"), ("once", "50")]


def test_a_campaign_without_suggestions_asks_for_an_amount(client, costs):
    costs.suggested_once = costs.suggested_monthly = []
    costs.save()

    assert "Amount, in US dollars" in page(client)
    answer = send(client, typed(client, amount=""))
    assert answer.status_code == 422
    assert "Type an amount." in answer.content.decode()


def test_links_choose_rhythm_and_amount(client):
    html = page(client, frequency="monthly", amount="15")
    assert (checked(html, "frequency"), checked(html, "amount")) == (["monthly"], ["15"])

    html = page(client, frequency="daily", amount="19.99")
    assert checked(html, "frequency") == ["once"]
    assert re.search(r'name="amount_other"[^>]*value="19.99"|value="19.99"[^>]*name="amount_other"', html)


def test_test_mode_is_said(client, settings):
    assert "Test mode: no real money moves" in page(client)
    assert "4242 4242 4242 4242" in page(client)
    settings.STRIPE_LIVE = True
    html = page(client)
    assert "Test mode" not in html
    assert "4242" not in html


# --- Which campaign ---------------------------------------------------------------------------------------------------


def test_a_closed_campaign_leads_to_its_successor_and_says_so(client, costs):
    spring = make_campaign(title="Spring appeal", status="closed", starts=date(2025, 1, 1), ends=date(2025, 6, 30))
    summer = make_campaign(title="Summer appeal", follows=spring)
    html = page(client, campaign=spring.slug)

    assert "“Spring appeal” has ended and takes no more gifts." in html
    assert hidden(html, "campaign") == summer.slug


def test_a_closed_campaign_without_a_successor_leads_to_the_default(client):
    spring = make_campaign(title="Spring appeal", status="closed")
    html = page(client, campaign=spring.slug)

    assert "“Spring appeal” has ended" in html
    assert "“Publishing costs”" in html
    assert hidden(html, "campaign") == "publishing-costs"


def test_a_live_campaign_whose_days_are_over_leads_to_its_successor_and_says_so(client, sandbox, costs):
    spring = make_campaign(title="Spring appeal", starts=date(2025, 1, 1), ends=date(2025, 6, 30))
    fields = typed(client, campaign=spring.slug)
    html = page(client, campaign=spring.slug)
    assert "“Spring appeal” has ended and takes no more gifts." in html
    assert hidden(html, "campaign") == "publishing-costs"
    assert send(client, fields).status_code == 422
    assert not Gift.objects.exists()

    summer = make_campaign(title="Summer appeal", follows=spring)
    assert hidden(page(client, campaign=spring.slug), "campaign") == summer.slug


def test_a_campaign_whose_days_are_to_come_says_when(client, time_machine):
    time_machine.move_to(datetime(2026, 10, 13, 14, tzinfo=UTC))
    make_campaign(slug="next", title="Next year", starts=date(2027, 1, 1), ends=None)
    html = page(client, campaign="next")

    assert "“Next year” begins on January 1, 2027 and takes no gifts before." in html
    assert hidden(html, "campaign") == "publishing-costs"


def test_a_default_whose_days_are_over_takes_nothing(client, costs):
    costs.starts, costs.ends = date(2025, 1, 1), date(2025, 12, 31)
    costs.save()

    assert "We are not asking for gifts at the moment" in page(client)
    assert "We are not asking for gifts at the moment" in page(client, campaign="publishing-costs")


@pytest.mark.parametrize("slug", ["nobody-knows", "a draft", "\0", "publishing-costs\0", "x" * 5000])
def test_an_unknown_campaign_and_a_draft_mean_the_default(client, slug):
    make_campaign(slug="a draft", title="Secret plans", status="draft")
    html = page(client, campaign=slug)

    assert hidden(html, "campaign") == "publishing-costs"
    assert "has ended" not in html
    assert "Secret plans" not in html


def test_a_gift_meant_for_a_campaign_that_closed_meanwhile_is_not_moved_without_a_word(client, sandbox):
    autumn = make_campaign(slug="autumn", title="Autumn appeal")
    fields = typed(client, campaign="autumn", amount="", amount_other="31")
    autumn.status = "closed"
    autumn.save()
    answer = send(client, fields)
    html = answer.content.decode()

    assert answer.status_code == 422
    assert "“Autumn appeal” has ended" in html
    assert hidden(html, "campaign") == "publishing-costs"
    assert 'value="31"' in html
    assert not Gift.objects.exists()

    assert send(client, fields | {"campaign": hidden(html, "campaign")}).status_code == 303
    assert Gift.objects.get().campaign.slug == "publishing-costs"


@pytest.mark.parametrize(
    ("field", "status"),
    [("campaign", 303), ("article", 422), ("token", 422), ("name", 422), ("email", 422), ("amount_other", 422)],
)
def test_a_nul_in_any_field_is_no_error_of_ours(client, sandbox, field, status):
    assert send(client, typed(client) | {field: "\0"}).status_code == status
    assert "<form" in page(client, **{field: "\0", "back": "\0"})


def test_without_any_campaign_the_page_is_quiet(client, costs):
    costs.delete()
    html = page(client)

    assert "We are not asking for gifts at the moment" in html
    assert "<form" not in html


def everything_typed(client):
    return typed(client, amount="", amount_other="19.99", name="Ann Poe", may_write="on", frequency="monthly")


def close(campaign):
    campaign.status = "closed"
    campaign.save()


def assert_everything_is_kept(html):
    for value in ("19.99", "Ann Poe", "ann@example.org"):
        assert f'value="{value}"' in html
    assert checked(html, "frequency") == ["monthly"]
    assert hidden(html, "campaign") == "publishing-costs"


@pytest.mark.parametrize("sent_before", [False, True])
def test_where_no_campaign_collects_any_more_what_was_typed_is_kept(client, sandbox, costs, sent_before):
    fields = everything_typed(client)
    if sent_before:
        send(client, fields)
    close(costs)
    answer = send(client, fields)
    html = answer.content.decode()

    assert answer.status_code == 422
    assert "No campaign takes gifts at the moment, so this was not sent and nothing was charged." in html
    assert_everything_is_kept(html)
    costs.status = "live"
    costs.save()
    assert send(client, fields | {"token": hidden(html, "token")}).status_code == 303
    assert Gift.objects.count() == 1


def test_where_the_campaign_is_gone_altogether_what_was_typed_is_kept(client, costs):
    fields = everything_typed(client)
    costs.delete()
    answer = send(client, fields)

    assert answer.status_code == 422
    assert_everything_is_kept(answer.content.decode())


@pytest.mark.parametrize("booked", [False, True])
@pytest.mark.parametrize("with_default", [False, True])
def test_a_form_that_was_paid_leads_to_the_thanks_though_its_campaign_closed(
    client, sandbox, costs, booked, with_default
):
    fields = everything_typed(client)
    sandbox.pay(session_in(sandbox, send(client, fields)["Location"])["id"])
    thanks = f"/thanks/?session_id={Gift.objects.get().session_id}"
    if booked:
        client.get(thanks)
    costs.status, costs.is_default = "closed", False
    costs.save()
    if with_default:
        make_campaign(slug="another", is_default=True)
    answer = send(client, fields)

    assert (answer.status_code, answer.headers.get("Location")) == (303, thanks)
    assert len(sandbox.objects["checkout.session"]) == 1


def test_while_nobody_can_see_whether_it_was_paid_nothing_is_claimed(client, sandbox, costs):
    fields = everything_typed(client)
    sandbox.pay(session_in(sandbox, send(client, fields)["Location"])["id"])
    close(costs)
    sandbox.stop()
    answer = send(client, fields)
    html = answer.content.decode()

    assert answer.status_code == 503
    assert "We cannot see at the moment whether this gift was paid." in html
    assert "nothing was charged" not in html.lower()
    assert_everything_is_kept(html)


# --- What was typed ---------------------------------------------------------------------------------------------------


def test_a_form_becomes_a_gift_and_leads_to_stripe(client, sandbox, costs):
    fields = typed(client, frequency="monthly", amount="15", name="  Ann \n Poe ", visibility="named", may_write="on")
    answer = send(client, fields)

    gift = Gift.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, session_in(sandbox, answer["Location"])["url"])
    assert (gift.campaign, gift.frequency, gift.amount, gift.currency) == (costs, "monthly", 1500, "USD")
    assert (gift.name, gift.visibility, gift.donor.email) == ("Ann Poe", "named", "ann@example.org")
    assert (gift.status, gift.livemode, gift.may_write_at is not None) == ("begun", False, True)
    session = session_in(sandbox, answer["Location"])
    assert (session["id"], session["mode"], session["amount_total"]) == (gift.session_id, "subscription", 1500)
    assert (session["customer"], session["customer_email"]) == (None, "ann@example.org")
    assert session["client_reference_id"] == str(gift.pk)


def test_a_gift_is_anonymous_and_quiet_unless_its_giver_says_otherwise(client, sandbox):
    fields = typed(client)
    del fields["visibility"]
    send(client, fields)

    gift = Gift.objects.get()
    assert (gift.visibility, gift.may_write_at, gift.article_id) == ("anonymous", None, None)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("19.99", 1999), ("0019.9", 1990), ("$1,000", 100_000), (" 7 ", 700), ("1", 100), ("999,999.99", 99_999_999)],
)
def test_an_amount_is_read_exactly(client, sandbox, text, minor):
    assert send(client, typed(client, amount="", amount_other=text)).status_code == 303
    assert Gift.objects.get().amount == minor


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1e3", "“1e3” is not an amount"),
        ("-5", "“-5” is not an amount"),
        ("10.001", "has too many decimals"),
        ("NaN", "“NaN” is not an amount"),
        ("Infinity", "“Infinity” is not an amount"),
        ("1000000", "more than one payment can carry"),
        ("9" * 5000, "more than one payment can carry"),
        ("١٢٣", "is not an amount"),
        ("２５", "is not an amount"),
        ("1,00", "is not an amount"),
        ("0", "The amount is zero"),
        ("0.99", "The smallest gift is $1."),
    ],
)
def test_what_is_no_amount_is_refused_in_words_and_kept(client, sandbox, text, words):
    answer = send(client, typed(client, amount_other=text, name="Ann Poe", may_write="on", frequency="monthly"))
    html = answer.content.decode()

    assert answer.status_code == 422
    assert words in html
    assert f'value="{text}"' in html
    assert 'value="ann@example.org"' in html
    assert 'value="Ann Poe"' in html
    assert checked(html, "frequency") == ["monthly"]
    assert not Gift.objects.exists()


def test_an_amount_of_ones_own_wins_over_a_suggestion(client, sandbox):
    send(client, typed(client, amount="50", amount_other="19.99"))
    assert Gift.objects.get().amount == 1999


def test_an_amount_that_is_not_suggested_is_shown_where_it_can_be_seen(client):
    html = send(client, typed(client, amount="19.99", email="")).content.decode()
    assert re.search(r'name="amount_other"[^>]*value="19.99"|value="19.99"[^>]*name="amount_other"', html)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": ""}, "Choose an amount, or type one of your own."),
        ({"frequency": ""}, "Choose whether to give once or every month."),
        ({"frequency": "weekly"}, "Choose whether to give once or every month."),
        ({"email": ""}, "Type your e-mail address, so that we can send the receipt."),
        ({"email": "ann"}, "This is not an e-mail address."),
        ({"email": "a" * 250 + "@example.org"}, "This is longer than any e-mail address."),
        ({"name": "x" * 121}, "Type a name of at most 120 characters."),
        ({"visibility": "named"}, "Type the name that we may publish"),
        ({"visibility": "famous"}, "Choose whether we may publish your name."),
    ],
)
def test_every_mistake_is_told_at_the_top_and_at_its_field(client, sandbox, changes, words):
    answer = send(client, typed(client, **changes))
    html = answer.content.decode()

    assert answer.status_code == 422
    [link] = re.findall(rf'<a href="#([^"]+)">{re.escape(words)}', html)
    assert f'id="{link}"' in html
    assert re.search(rf'<p class="error" id="[^"]+_error">{re.escape(words)}', html)
    assert "<title>Not sent yet: " in " ".join(html.split()).replace("<title> ", "<title>")
    assert not Gift.objects.exists()


def test_what_was_typed_cannot_become_markup(client):
    html = send(client, typed(client, amount_other='"><script>alert(1)</script>')).content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html


def test_the_currency_of_the_campaign_decides_how_an_amount_is_read(client, sandbox, costs):
    costs.currency, costs.suggested_once, costs.suggested_monthly = "JPY", [2500], [500]
    costs.save()

    assert "has too many decimals for JPY" in send(client, typed(client, amount_other="25.50")).content.decode()
    assert send(client, typed(client, amount="2500")).status_code == 303
    assert Gift.objects.get().amount == 2500


def test_the_same_person_is_found_whatever_the_capitals(client, sandbox):
    send(client, typed(client, email="Ann@Example.org"))
    send(client, typed(client, email="ann@example.org", amount="50"))

    assert Donor.objects.count() == 1
    assert Gift.objects.count() == 2


# --- The story it came from ---------------------------------------------------------------------------------------------


def test_a_gift_keeps_the_story_it_came_from(client, sandbox, costs):
    story = published(headline="Sewer plan approved")
    html = page(client, article=story.pk)
    assert "With the gift we keep which story you came from, and from where on its page." in html
    send(client, typed(client, article=hidden(html, "article")))

    gift = Gift.objects.get()
    assert (gift.article_id, gift.article_title) == (story.pk, "Sewer plan approved")


def test_a_story_that_is_not_public_leaves_no_trace(client, sandbox):
    draft = a_draft(headline="What nobody knows yet")
    send(client, typed(client, article=draft.pk))

    gift = Gift.objects.get()
    assert (gift.article_id, gift.article_title) == (None, "")


@pytest.mark.parametrize(
    ("meanwhile", "kept"),
    [
        (lambda story: blank(story, 1), ""),
        (lambda story: republish(story, at=TOMORROW, headline="Source is known"), "Source is known"),
    ],
    ids=["blanked", "changed"],
)
def test_a_headline_that_went_while_the_form_was_sent_is_not_kept(client, sandbox, monkeypatch, meanwhile, kept):
    story, title_of = published(headline="Source is Ada"), checkout.article_title
    fields = typed(client, article=story.pk)

    def goes_once_it_is_read(*asked):
        title = title_of(*asked)
        monkeypatch.setattr(checkout, "article_title", title_of)
        meanwhile(story)
        return title

    monkeypatch.setattr(checkout, "article_title", goes_once_it_is_read)
    assert send(client, fields).status_code == 303
    gift = Gift.objects.get()
    assert (gift.article_id, gift.article_title) == (story.pk, kept)


def test_a_gift_that_was_written_before_its_headline_was_gone_for_all_keeps_none(django_capture_on_commit_callbacks):
    story = published(headline="Source is Ada")
    with django_capture_on_commit_callbacks(execute=True):
        blank(story, 1)
        gift = make_gift(article_id=story.pk, article_title="Source is Ada")
    gift.refresh_from_db()
    assert gift.article_title == "(blanked with the words)"


@pytest.mark.parametrize("article", ["abc", "-1", "0", "1.5", "9" * 40, "٣"])
def test_what_is_no_story_hinders_no_gift(client, sandbox, article):
    assert send(client, typed(client, article=article)).status_code == 303
    assert Gift.objects.get().article_id is None


# --- Again, and otherwise -------------------------------------------------------------------------------------------------


def test_the_same_form_twice_is_one_gift_with_one_page(client, sandbox):
    fields = typed(client)
    first, second = send(client, fields), send(client, fields)

    assert first["Location"] == second["Location"]
    assert Gift.objects.count() == 1
    assert len(sandbox.objects["checkout.session"]) == 1


def test_the_same_form_after_it_was_paid_leads_to_the_thanks(client, sandbox):
    fields = typed(client)
    url = send(client, fields)["Location"]
    sandbox.pay(session_in(sandbox, url)["id"])
    again = send(client, fields)

    assert (again.status_code, again["Location"]) == (303, f"/thanks/?session_id={Gift.objects.get().session_id}")
    assert len(sandbox.objects["checkout.session"]) == 1


def test_another_form_with_the_same_values_is_another_gift(sandbox):
    for _ in range(2):
        someone = Client()
        send(someone, typed(someone))
    assert Gift.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [{"amount": "50"}, {"frequency": "monthly"}, {"email": "bob@example.org"}, {"name": "Ann"}, {"may_write": "on"}],
)
def test_other_values_after_the_back_button_are_another_gift_and_close_the_first_page(client, sandbox, change):
    fields = typed(client)
    first = session_in(sandbox, send(client, fields)["Location"])
    second = session_in(sandbox, send(client, fields | change)["Location"])

    assert (first["status"], second["status"]) == ("expired", "open")
    assert Gift.objects.count() == 2
    closed, made = sandbox.events[-1], Gift.objects.get(session_id=second["id"])
    assert closed["type"] == "checkout.session.expired"
    assert made.form_key == Gift.objects.get(session_id=first["id"]).form_key


def test_back_to_the_first_values_opens_a_new_page_for_the_first_gift(client, sandbox):
    fields = typed(client)
    first = send(client, fields)["Location"]
    send(client, fields | {"amount": "50"})
    again = send(client, fields)["Location"]

    assert again != first
    assert Gift.objects.count() == 2
    states = sorted(session["status"] for session in sandbox.objects["checkout.session"].values())
    assert states == ["expired", "expired", "open"]


def test_other_values_after_a_payment_are_a_second_gift(client, sandbox):
    fields = typed(client)
    first = session_in(sandbox, send(client, fields)["Location"])
    sandbox.pay(first["id"])

    assert send(client, fields | {"amount": "50"}).status_code == 303
    assert first["status"] == "complete"


def test_a_browser_that_asks_for_the_form_anew_still_sends_the_same_form(client, sandbox):
    first = session_in(sandbox, send(client, typed(client))["Location"])
    second = session_in(sandbox, send(client, typed(client, amount="50"))["Location"])  # with a new page

    assert (first["status"], second["status"]) == ("expired", "open")


def test_the_cookie_of_the_form_says_nothing_of_the_person(client, sandbox):
    send(client, typed(client, email="ann@example.org"))
    cookie = client.cookies["gift_form"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (DONATE, True, "Lax", 86400)
    assert isinstance(forms.key_of(cookie.value), uuid.UUID)
    assert "ann" not in page(client)


def test_after_a_payment_the_next_form_is_a_new_one(client, sandbox):
    fields = typed(client)
    url = send(client, fields)["Location"]
    sandbox.pay(session_in(sandbox, url)["id"])
    client.get(f"/thanks/?session_id={Gift.objects.get().session_id}")

    assert send(client, typed(client)).headers["Location"].startswith(sandbox.url)
    assert Gift.objects.count() == 2


def test_a_form_of_yesterday_is_looked_over_once_more_and_stays_the_same_form(client, sandbox, time_machine):
    fields = typed(client)
    send(client, fields)
    time_machine.move_to(timezone.now() + timedelta(hours=25))
    answer = send(client, fields)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "This page has been open for long." in html
    assert 'value="ann@example.org"' in html
    again = fields | {"token": hidden(html, "token")}
    assert send(client, again).status_code == 303
    assert Gift.objects.count() == 1


@pytest.mark.parametrize("token", ["", "made-up", "IjEyMyI:1abc:xyz"])
def test_a_token_that_is_not_ours_is_replaced(client, sandbox, token):
    answer = send(client, typed(client, token=token))

    assert answer.status_code == 422
    fresh = hidden(answer.content.decode(), "token")
    assert send(client, typed(client, token=fresh)).status_code == 303


def test_an_abandoned_page_can_be_opened_again_by_the_same_form(client, sandbox):
    fields = typed(client)
    first = session_in(sandbox, send(client, fields)["Location"])
    sandbox.expire(first["id"])
    second = session_in(sandbox, send(client, fields)["Location"])

    gift = Gift.objects.get()
    assert (gift.session_id, gift.session_status, second["status"]) == (second["id"], "open", "open")
    assert gift.attempt > 1


# --- Back from the payment page ---------------------------------------------------------------------------------------


def test_the_way_back_keeps_what_was_typed(client, sandbox):
    fields = typed(client, frequency="monthly", amount_other="19.99", name="Ann Poe", visibility="named")
    session = session_in(sandbox, send(client, fields)["Location"])
    answer = client.get(session["cancel_url"])
    html = answer.content.decode()

    assert checked(html, "frequency") == ["monthly"]
    assert checked(html, "visibility") == ["named"]
    assert all(f'value="{text}"' in html for text in ("19.99", "Ann Poe", "ann@example.org"))
    assert send(client, fields | {"token": hidden(html, "token")})["Location"] == session["url"]


def test_the_way_back_shows_another_browser_no_person(client, sandbox):
    fields = typed(client, amount_other="19.99", name="Ann Poe", visibility="named")
    session = session_in(sandbox, send(client, fields)["Location"])
    html = Client().get(session["cancel_url"]).content.decode()

    assert 'value="19.99"' in html
    assert "Ann Poe" not in html
    assert "ann@example.org" not in html


def test_the_way_back_to_a_paid_gift_is_an_empty_form(client):
    gift = make_gift(status="given", amount=3333)
    assert "33.33" not in page(client, back=gift.pk)
    assert page(client, back="nonsense")


# --- Stripe does not do what it is asked ----------------------------------------------------------------------------------


def assert_kept_and_not_charged(answer):
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was charged." in html
    assert 'value="19.99"' in html
    assert 'value="ann@example.org"' in html
    assert 'value="Ann Poe"' in html


def test_while_stripe_is_down_nothing_is_charged_and_everything_is_kept(client, sandbox):
    fields = typed(client, amount_other="19.99", name="Ann Poe")
    sandbox.stop()
    answer = send(client, fields)

    assert_kept_and_not_charged(answer)
    assert Gift.objects.get().session_id is None


def test_without_a_key_nothing_is_charged_and_everything_is_kept(client, settings):
    settings.STRIPE_SECRET_KEY = ""

    assert "Payments are not set up here" in page(client)
    assert_kept_and_not_charged(send(client, typed(client, amount_other="19.99", name="Ann Poe")))


def test_an_address_that_stripe_refuses_is_told_at_its_field_and_in_no_log(client, sandbox, caplog):
    with caplog.at_level(logging.INFO):
        answer = send(client, typed(client, email='"ann@poe"@example.org'))

    assert answer.status_code == 422
    assert "Stripe does not take this e-mail address." in answer.content.decode()
    assert "StripeRefused 400 email_invalid" in caplog.text
    assert "example.org" not in caplog.text


def test_with_a_wrong_key_staff_are_told_and_readers_keep_their_words(client, sandbox, settings, caplog):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    with caplog.at_level(logging.WARNING):
        answer = send(client, typed(client, amount_other="19.99", name="Ann Poe"))

    assert_kept_and_not_charged(answer)
    assert "StripeNotAllowed 401" in caplog.text
    assert "ann@example.org" not in caplog.text


def test_after_an_outage_the_same_form_goes_through(client, sandbox, settings):
    fields, base = typed(client), settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert send(client, fields).status_code == 503
    settings.STRIPE_API_BASE = base

    assert send(client, fields).status_code == 303
    assert Gift.objects.count() == 1


def test_an_amount_below_what_stripe_charges_is_told_at_its_field(client, sandbox, costs):
    costs.minimum = 10
    costs.save()
    answer = send(client, typed(client, amount="", amount_other="0.20"))

    assert answer.status_code == 422
    assert "This is less than Stripe can charge." in answer.content.decode()


def test_an_answer_that_stripe_would_repeat_is_asked_for_under_a_new_key(client, sandbox, costs):
    costs.minimum = 10
    costs.save()
    fields = typed(client, amount="", amount_other="0.20")
    send(client, fields)
    before = Gift.objects.get().attempt
    send(client, fields)

    assert Gift.objects.get().attempt == before + 1


def test_the_idempotency_key_names_the_gift_and_the_attempt(client, sandbox):
    send(client, typed(client))
    gift = Gift.objects.get()
    checkout.payment_page(gift)

    assert [key for key in sandbox.account.answers if key.startswith("gift:")] == [
        f"gift:{gift.pk}:{attempt}" for attempt in range(1, gift.attempt + 1)
    ]


def test_the_form_stands_where_the_house_says(client):
    assert reverse("donations:donate") == DONATE
    assert client.put(DONATE).status_code == 405


def test_a_form_that_is_sent_again_after_its_giver_was_removed_is_somebody_news(client, sandbox):
    fields = typed(client, name="Ann Poe")
    send(client, fields)
    first = Gift.objects.get()
    scrub(first.donor, timezone.now())
    send(client, fields)
    send(client, fields)
    again = Gift.objects.exclude(pk=first.pk).get()
    assert (again.donor.email, again.name) == ("ann@example.org", "Ann Poe")
    assert again.donor_id != first.donor_id


def test_a_giver_who_is_removed_while_their_page_is_opened_cannot_pay_on_it(client, sandbox, monkeypatch):
    fields, create = typed(client, name="Ann Poe"), Gateway.create_session

    def removed_meanwhile(self, gift):
        session = create(self, gift)
        scrub(gift.donor, timezone.now())
        return session

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "create_session", removed_meanwhile)
        answer = client.post(DONATE, fields)
    assert (answer.status_code, "Nothing was charged" in answer.content.decode()) == (503, True)
    [page] = sandbox.objects["checkout.session"].values()
    assert page["status"] == "expired"

    send(client, fields)
    assert Gift.objects.exclude(donor__email=None).get().name == "Ann Poe"


def test_a_gift_that_was_typed_into_no_form_closes_nobodys_page(sandbox):
    other = open_page()
    Gift.objects.filter(pk=other.pk).update(session_status="open")
    checkout.payment_page(make_gift())
    assert sandbox.objects["checkout.session"][other.session_id]["status"] == "open"
