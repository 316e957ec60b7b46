"""What the demo newsroom is made of, and where it may not be seeded."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from articles import content
from articles.models import Article
from cms.demo.gifts import Plan
from cms.demo.newsroom import DAYS, HERE, When, newsroom


def test_it_is_refused_without_debug(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        call_command("seed_demo")
    assert not get_user_model().objects.exists()


def test_it_is_refused_with_a_live_key(db, settings):
    settings.DEBUG, settings.STRIPE_LIVE = True, True
    with pytest.raises(CommandError, match="live key"):
        call_command("seed_demo")
    assert not get_user_model().objects.exists()


def test_it_is_refused_in_somebody_elses_newsroom(db, settings):
    settings.DEBUG, settings.STRIPE_LIVE = True, False
    get_user_model().objects.create_user("editor")
    with pytest.raises(CommandError, match="accounts named editor"):
        call_command("seed_demo")
    assert not Article.objects.exists()


# --- The content itself, without a database --------------------------------------------------------------------------


def words(story):
    return len(re.sub(r"<[^>]*>", " ", story.body).split())


def test_published_stories_have_four_to_nine_hundred_words():
    told = [story for story in newsroom()["stories"] if story.ends in {"published", "corrected", "rewritten"}]
    assert len(told) == 12
    assert not [(story.file, words(story)) for story in told if not 400 <= words(story) <= 900]


def test_bodies_hold_only_what_the_editor_can_make():
    for story in newsroom()["stories"]:
        assert content.sanitise(story.body) == story.body, story.file


def test_stories_link_only_to_our_own_pages_and_to_example_addresses():
    links = {link for story in newsroom()["stories"] for link in re.findall(r'href="([^"]*)"', story.body)}
    assert len(links) > 5
    assert not [link for link in links if not re.match(r"/about/[a-z-]+/$|https://example\.org/", link)]


def test_all_that_a_story_names_is_there():
    told = newsroom()
    for story in told["stories"]:
        assert story.section in {row["slug"] for row in told["sections"]}, story.file
        assert set(story.topics) <= {row["slug"] for row in told["topics"]}, story.file
        assert {name for name, _ in story.authors} <= {person.name for person in told["people"] if person.bio}
        assert not story.in_text or story.in_text[0] in story.body, story.file
        assert not story.in_text or story.in_text[1] in {picture.file for picture in told["pictures"]}, story.file
        assert not story.picture or (HERE / "pictures" / story.picture).exists(), story.file
        assert all(before in story.body for before, _ in story.rewrite), story.file
        assert not story.wrong or story.wrong[0] in story.body, story.file


def test_pictures_are_light_enough_to_keep_in_the_repository():
    files = list((HERE / "pictures").iterdir())
    assert len(files) >= 15
    assert not [(file.name, file.stat().st_size) for file in files if file.stat().st_size > 150_000]


@pytest.mark.parametrize("day", DAYS)
def test_a_day_is_always_one_of_the_last_seven(day, now, settings):
    settings.TIME_ZONE = "America/New_York"
    local = When(day, "23:50").moment(now).astimezone(ZoneInfo("America/New_York"))
    assert f"{local:%A %H:%M}".lower() == f"{day} 23:50"
    assert 0 < (now.date() - local.date()).days <= 7
    assert (now.date() - When(day, "12:00", weeks=3).moment(now).date()).days == (now.date() - local.date()).days + 21


@pytest.mark.parametrize("month", [1, 2, 5, 8, 12])
def test_the_plan_ends_near_sixty_percent_on_any_day_of_the_year(month):
    now = datetime(2026, month, 3, 15, tzinfo=UTC)
    stories = [
        (story.file, story.when.moment(now), story.moves)
        for story in newsroom()["stories"]
        if story.ends == "published"
    ]
    plan = Plan(stories, start=datetime(2026, 1, 1, 5, tzinfo=UTC), now=now, goal=1_000_000)
    assert 600_000 <= plan.raised() <= 625_000
    assert all(plan.start <= gift.at <= now for gift in plan.gifts)
    assert len({gift.form_key for gift in plan.gifts}) == len(plan.gifts)
