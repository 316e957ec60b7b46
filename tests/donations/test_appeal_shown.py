"""Showings of the appeal: a number per story and day, from a picture that nobody keeps; and where a form was come to from."""

import re
from datetime import UTC, date, datetime

import pytest
from django.db import OperationalError
from django.template import Context, Template
from django.test import Client

from donations.forms import GiftForm, new_token
from donations.models import AppealShown, Gift
from donations.showings import PIXEL
from tests.articles.factories import a_draft, published

from .factories import make_campaign, make_gift

pytestmark = pytest.mark.django_db
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
EVENING = datetime(2026, 11, 11, 4, 30, tzinfo=UTC)  # half past eleven on the 10th, in the newsroom


@pytest.fixture
def costs():
    return make_campaign(slug="publishing-costs", is_default=True)


@pytest.fixture
def story(time_machine):
    time_machine.move_to(EVENING)
    return published()


def look(number, *, method="get", **headers):
    """What the picture of a story's appeal answers to a browser that sends `headers`."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(Client(headers=BROWSER | said), method)(f"/donate/shown/{number}.gif")


def counted():
    return list(AppealShown.objects.order_by("day", "article_id").values_list("article_id", "day", "times"))


def told(number):
    return Template("{% load appeal %}{% appeal number %}").render(Context({"number": number}))


def test_each_showing_counts_once_on_its_day_in_the_newsrooms_zone(story, time_machine):
    look(story.pk)
    look(story.pk)
    time_machine.move_to(datetime(2026, 11, 11, 5, 0, tzinfo=UTC))
    look(story.pk)
    assert counted() == [(story.pk, date(2026, 11, 10), 2), (story.pk, date(2026, 11, 11), 1)]


def test_the_picture_is_kept_by_nobody_and_sets_no_cookie(story):
    answer = look(story.pk)
    assert answer.content == PIXEL
    assert answer["Content-Type"] == "image/gif"
    assert "no-store" in answer["Cache-Control"]
    assert "Vary" not in answer
    assert not answer.cookies


def test_the_answer_tells_of_no_story_whether_it_is_there_and_counts_public_ones_alone(story):
    draft = a_draft(headline="A secret")
    answers = {(look(number).status_code, look(number).content) for number in (story.pk, draft.pk, 99999, 10**30)}
    assert answers == {(200, PIXEL)}
    assert [number for number, _, _ in counted()] == [story.pk]


@pytest.mark.parametrize(
    "headers",
    [
        {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user_agent": "facebookexternalhit/1.1"},
        {"user_agent": "curl/8.5.0"},
        {"user_agent": "Mozilla/5.0 HeadlessChrome/130.0 Safari/537.36"},
        {"user_agent": ""},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"sec_fetch_site": "cross-site"},
        {"method": "head"},
    ],
    ids=lambda headers: next(iter(headers.items())),
)
def test_what_no_reader_asks_for_on_our_pages_does_not_count(story, headers):
    assert look(story.pk, **headers).status_code == 200
    assert counted() == []


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (Linux; Android 13; CUBOT P80)", "Mozilla/5.0 (iPhone) Safari/604.1"])
def test_telephones_count(story, agent):
    look(story.pk, user_agent=agent, sec_fetch_site="same-origin")
    assert [times for *_, times in counted()] == [1]


def test_only_reading_is_answered(story):
    assert look(story.pk, method="post").status_code == 405


def test_a_showing_costs_one_statement_the_first_of_a_day_a_few_more(story, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        look(story.pk)
    with django_assert_max_num_queries(3):  # of which two ask SQLite not to wait
        look(story.pk)


def test_a_showing_that_cannot_be_written_is_left_out_and_the_page_is_whole(story, monkeypatch, caplog):
    def busy(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr("donations.models.shown.AppealShownQuerySet.one_more", busy)
    with caplog.at_level("INFO", "donations.showings"):
        assert look(story.pk).content == PIXEL
    assert [each.getMessage() for each in caplog.records if each.name == "donations.showings"] == [
        "A showing of the appeal was not counted: OperationalError"
    ]


def test_nothing_is_kept_but_story_day_and_number():
    assert [field.name for field in AppealShown._meta.fields] == ["id", "article_id", "day", "times"]


# --- On the page ------------------------------------------------------------------------------------------------------


def test_the_appeal_below_a_story_holds_the_picture_which_says_nothing(costs):
    [picture] = re.findall(r"<img[^>]*>", told(7))
    assert 'src="/donate/shown/7.gif"' in picture
    assert 'alt=""' in picture
    assert 'aria-hidden="true"' in picture
    assert 'loading="lazy"' in picture


def test_the_page_of_a_story_is_the_same_for_all_and_counts_nothing_itself(client, costs, story):
    address = story.live.get_absolute_url()
    first, second = client.get(address, headers=BROWSER), Client(headers=BROWSER).get(address)
    assert first.content == second.content
    assert f'src="/donate/shown/{story.pk}.gif"' in first.content.decode()
    assert not first.cookies
    assert client.get(address, headers=BROWSER | {"if-none-match": first["ETag"]}).status_code == 304
    assert counted() == []


def test_links_from_mid_text_are_hidden_until_somebody_comes_down_from_there(costs):
    shown, hidden = re.findall(r'<p class="appeal-ways".*?</p>', told(7), re.S)
    assert shown.count("appeal=end") == 3
    assert " hidden>" not in shown
    assert hidden.count("appeal=middle") == 3
    assert " hidden>" in hidden


# --- With the gift ----------------------------------------------------------------------------------------------------


def form_of(campaign, key, **changes):
    typed = {"campaign": campaign.slug, "frequency": "once", "amount_other": "25", "email": "ann@example.org"}
    return GiftForm(typed | {"token": new_token(key)} | changes, campaign=campaign, form_key=key)


@pytest.mark.parametrize(
    ("said", "kept"), [("middle", "middle"), ("end", "end"), ("<b>", ""), ("x" * 999, ""), ("", "")]
)
def test_the_form_keeps_a_place_of_ours_and_is_hindered_by_none(costs, said, kept):
    form = form_of(costs, make_gift().pk, appeal=said)
    assert form.is_valid()
    assert form.cleaned_data["appeal"] == kept


def test_the_place_makes_no_other_gift(costs):
    key = make_gift().pk
    forms = [form_of(costs, key, appeal=appeal) for appeal in ("", "middle", "end")]
    assert [form.is_valid() for form in forms] == [True] * 3
    assert len({form.gift_id(live=False) for form in forms}) == 1


def test_a_gift_keeps_the_appeal_that_its_form_was_come_to_from(client, sandbox, costs, story):
    page = client.get(f"/donate/?campaign=publishing-costs&article={story.pk}&appeal=middle")
    hidden = {name: page.context["form"][name].value() for name in ("campaign", "article", "appeal", "token")}
    typed = {"frequency": "once", "amount_other": "25", "email": "ann@example.org", "visibility": "anonymous"}
    assert client.post("/donate/", hidden | typed).status_code == 303
    gift = Gift.objects.get()
    assert (gift.article_id, gift.appeal) == (story.pk, "middle")
    again = client.get(f"/donate/?back={gift.pk}")
    assert again.context["form"]["appeal"].value() == "middle"
