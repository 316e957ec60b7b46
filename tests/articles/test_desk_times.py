"""Times are typed on the newsroom's wall clock. What does not exist, exists twice, is past or far is refused in words."""

from datetime import UTC, datetime

import pytest
import time_machine

from articles.admin.time_field import NewsroomTimeField
from articles.models import Article

from .factories import BEGIN, a_journalist, an_editor, approved
from .forms import filled, words
from .test_desk_verbs import address, press, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def berlin(settings):
    """A newsroom in Berlin, on the day before its clocks go back."""
    settings.TIME_ZONE = "Europe/Berlin"
    with time_machine.travel(datetime(2026, 10, 24, 16, 0, tzinfo=UTC), tick=False):
        yield


def schedule(client, article, at, which=""):
    return press(client, an_editor(), article, "schedule", at_0=at, at_1=which)


def goes_out(article):
    return Article.objects.get(pk=article.pk).scheduled_version.visible_from


def test_a_time_is_typed_in_the_newsrooms_zone_and_the_zone_is_named(client, berlin):
    article = approved()
    client.force_login(an_editor())
    page = client.get(address(article, "read"))
    assert "In the newsroom’s time: Europe/Berlin, now 6:00 p.m. CEST." in words(page)
    assert 'type="datetime-local" name="at_0"' in page.content.decode()
    answer = client.post(
        address(article, "schedule"), {"lock_version": article.lock_version, "at_0": "2026-10-24T21:12"}, follow=True
    )
    assert "goes public on October 24, 2026, 9:12 p.m. CEST, in 3 h 12 min." in words(answer)
    assert goes_out(article) == datetime(2026, 10, 24, 19, 12, tzinfo=UTC)


def test_a_time_that_comes_twice_is_refused_until_one_of_the_two_is_chosen(client, berlin):
    article = approved()
    refused = schedule(client, article, "2026-10-25T02:30")
    assert (refused.status_code, status(article)) == (422, "approved")
    assert "2:30 a.m. on October 25, 2026 comes twice: the clocks go back." in words(refused)
    assert '<option value="0">The earlier, 2:30 a.m. CEST</option>' in refused.content.decode()
    assert 'value="2026-10-25T02:30"' in refused.content.decode()
    schedule(client, article, "2026-10-25T02:30", "1")
    assert goes_out(article) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_earlier_of_the_two_can_be_chosen_as_well(client, berlin):
    article = approved()
    schedule(client, article, "2026-10-25T02:30", "0")
    assert goes_out(article) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_jump_over_is_refused_with_what_to_choose(client, berlin):
    article = approved()
    refused = schedule(client, article, "2027-03-28T02:30")
    assert (refused.status_code, status(article)) == (422, "approved")
    assert "does not exist: the clocks go forward over it. Choose 1:30 a.m. CET or 3:30 a.m. CEST." in words(refused)
    assert "Which of the two" not in words(refused)


@pytest.mark.parametrize(
    ("at", "code", "said"),
    [
        ("2026-10-24T17:59", 409, "October 24, 2026, 5:59 p.m. CEST is past. Choose a time to come"),
        ("2027-10-26T18:00", 422, "October 26, 2027, 6:00 p.m. CEST is more than a year away."),
        ("9999-12-31T23:59", 422, "more than a year away"),
        ("9999-12-31T23:59-14:00", 422, "Give a day and a time, such as 2026-12-08T06:00."),
        ("0001-01-01T00:00", 422, "Give a day and a time, such as 2026-12-08T06:00."),
        ("", 422, "Choose a day and a time."),
        ("tomorrow", 422, "Give a day and a time, such as 2026-12-08T06:00."),
        ("2026-13-40T99:99", 422, "Give a day and a time, such as 2026-12-08T06:00."),
    ],
)
def test_times_that_cannot_be_meant_are_refused_and_stay_in_the_form(client, berlin, at, code, said):
    article = approved()
    refused = schedule(client, article, at)
    assert (refused.status_code, status(article)) == (code, "approved")
    assert said in words(refused)
    assert f'value="{at}"' in refused.content.decode() or not at


@pytest.mark.parametrize(("verb", "field"), [("schedule", "at_0"), ("embargo", "until_0")])
@pytest.mark.parametrize("at", ["9999-12-31T23:59", "0001-01-01T00:00Z"])
def test_a_time_beyond_the_calendar_of_another_zone_is_refused_and_stays_in_the_form(client, verb, field, at):
    article = approved()  # in New York
    refused = press(client, an_editor(), article, verb, **{field: at})
    assert (refused.status_code, status(article)) == (422, "approved")
    assert "Give a day and a time, such as 2026-12-08T06:00." in words(refused)
    assert f'value="{at}"' in refused.content.decode()


def test_a_zone_without_summer_time_refuses_no_hour(client, settings):
    settings.TIME_ZONE = "Asia/Kolkata"
    with time_machine.travel(datetime(2026, 10, 24, 16, 0, tzinfo=UTC), tick=False):
        article = approved()
        assert schedule(client, article, "2026-10-25T02:30").status_code == 302
        assert goes_out(article) == datetime(2026, 10, 24, 21, 0, tzinfo=UTC)


def test_the_field_reads_what_a_browser_without_a_picker_lets_people_type(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    field = NewsroomTimeField()
    assert field.clean(["2026-12-08 06:00", ""]) == datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
    assert field.clean(["2026-12-08T06:00+02:00", ""]) == datetime(2026, 12, 8, 4, 0, tzinfo=UTC)


def test_an_embargo_is_shown_as_it_was_typed_and_is_lifted_with_a_reason(client, berlin):
    article = approved()
    press(client, an_editor(), article, "embargo", until_0="2026-10-25T02:30", until_1="1")
    assert Article.objects.get().embargo == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    page = client.get(address(article, "embargo"))
    form = page.content.decode()
    assert 'value="2026-10-25T02:30"' in form
    assert '<option value="1" selected>The later, 2:30 a.m. CET</option>' in form
    refused = press(client, an_editor(), article, "embargo", until_0="", reason=" ")
    assert (refused.status_code, "somebody was promised it" in words(refused)) == (409, True)
    press(client, an_editor(), article, "embargo", until_0="", reason="The ministry spoke first")
    assert Article.objects.get().embargo is None


def test_an_embargo_that_is_over_asks_for_no_reason(client, berlin):
    article = approved()
    Article.objects.filter(pk=article.pk).update(embargo=BEGIN)
    client.force_login(a_journalist())
    client.force_login(an_editor())
    page = client.get(address(article, "embargo"))
    assert "Why it is lifted" not in words(page)
    assert filled(page, form_id=None).get("until_0", [""]) == [""]
