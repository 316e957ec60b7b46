"""What nobody must overlook: on the dashboard, in the list, on top of the story."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article
from articles.moments import here, in_words, shortly

from .factories import (
    BEGIN,
    a_journalist,
    a_managing_editor,
    a_section,
    an_editor,
    approved,
    published,
    retracted,
    scheduled,
    taken_down,
)
from .forms import words
from .test_desk_verbs import address, to_be_blanked, to_be_retracted, unreviewed

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def seen(client, person, where="/admin/"):
    client.force_login(person)
    return client.get(where)


def section(page, name):
    """The list called `name` on a page, as it is read."""
    html = page.content.decode()
    part = html.split(f'id="{name}-name"', 1)[1].split("</section>")[0] if f'id="{name}-name"' in html else ""
    return words(type("Part", (), {"content": part.encode()}))


@pytest.mark.parametrize(
    ("make", "name", "verb", "said"),
    [
        (unreviewed, "unconfirmed", "confirm_emergency", "Pier closes for repairs by Ines alone, October 1, 2026"),
        (to_be_retracted, "second", "confirm_retraction", "A retraction, proposed by Ines, October 1, 2026"),
        (to_be_blanked, "second", "confirm_blank", "Words to be blanked, proposed by Ines, October 1, 2026"),
    ],
)
def test_what_waits_for_a_second_person_lies_on_every_editors_desk(client, make, name, verb, said):
    article = make()
    for person in (an_editor(), a_managing_editor()):
        page = seen(client, person)
        assert said in section(page, name)
        assert address(article, verb) in page.content.decode()
    own = seen(client, a_managing_editor(username="ines"))
    assert said in section(own, name)
    assert address(article, verb) not in own.content.decode()
    assert section(seen(client, a_journalist()), name) == ""


@pytest.mark.parametrize(
    ("make", "said", "verb"),
    [
        (unreviewed, "Published without review by Ines, October 1, 2026, 6:00 a.m. EDT.", "confirm_emergency"),
        (to_be_retracted, "Retraction proposed by Ines, October 1, 2026, 6:00 a.m. EDT.", "confirm_retraction"),
        (to_be_blanked, "Blanking proposed by Ines, October 1, 2026, 6:00 a.m. EDT.", "confirm_blank"),
    ],
)
@pytest.mark.parametrize("page", ["read", "change"])
def test_it_stands_on_top_of_the_story_with_the_way_for_others_than_its_opener(client, make, said, verb, page):
    article = make()
    link = f'href="{address(article, verb)}">Read'
    shown = seen(client, an_editor(), address(article, page))
    assert said in words(shown)
    assert link in shown.content.decode()
    for nobody in (a_managing_editor(username="ines"), a_journalist()):
        shown = seen(client, nobody, address(article, page))
        assert said in words(shown)
        assert link not in shown.content.decode()


def test_the_flag_goes_once_a_second_person_has_confirmed(client):
    article = unreviewed()
    article.confirm_emergency(by=an_editor(), now=LATER)
    assert section(seen(client, an_editor()), "unconfirmed") == ""
    assert "No other editor has confirmed it yet" not in words(client.get(address(article, "read")))


def test_a_restricted_story_is_flagged_to_nobody_who_does_not_see_it(client):
    article = unreviewed()
    Article.objects.filter(pk=article.pk).update(restricted=True)
    assert section(seen(client, an_editor()), "unconfirmed") == ""
    assert "Pier closes" in section(seen(client, a_managing_editor()), "unconfirmed")


def test_scheduled_stories_are_listed_by_their_time(client):
    now = timezone.now()
    later = scheduled(at=now + timedelta(days=2), headline="The later one")
    sooner = scheduled(at=now + timedelta(hours=3, minutes=12), headline="The sooner one")
    for person in (an_editor(), a_journalist()):
        said = section(seen(client, person), "scheduled")
        assert said.index("The sooner one") < said.index("The later one")
        assert f"{in_words(sooner.scheduled_version.visible_from)}, in 3 h 12 min · Coast" in said
        assert in_words(later.scheduled_version.visible_from) in said
    assert section(seen(client, a_journalist(username="ben")), "scheduled") == ""


def test_times_to_come_stand_on_top_of_the_story(client):
    at = timezone.now() + timedelta(days=1, hours=4, seconds=-1)
    article = approved()
    article.set_embargo(by=an_editor(), now=LATER, until=at)
    article.schedule(by=an_editor(), now=LATER, at=at)
    page = words(seen(client, an_editor(), address(article, "read")))
    assert f"Goes public {in_words(at)}, in 1 day 4 h." in page
    assert f"Embargo {in_words(at)}, in 1 day 4 h. Nothing goes out before." in page


def test_a_due_story_that_nobody_booked_stands_as_public_and_its_buttons_work(client):
    at = timezone.now() - timedelta(minutes=2)
    article = scheduled(at=at)
    page = seen(client, a_managing_editor(), address(article, "read"))
    assert f"Public since {in_words(at)}, not booked yet" in words(page)
    assert "Goes public" not in words(page)
    html = page.content.decode()
    assert [name for name in ("unschedule", "reopen", "take_down") if f"/{name}/" in html] == ["take_down"]
    assert Article.objects.get(pk=article.pk).status == "scheduled"  # looking stores nothing

    shown = seen(client, a_managing_editor(), address(article, "take_down")).content.decode()
    typed = {"lock_version": re.search(r'name="lock_version"\s+value="(\d+)"', shown)[1]}
    client.post(address(article, "take_down"), typed | {"code": "410", "reason": "An error of law"})
    assert [event.verb for event in article.events.all()][-2:] == ["fire", "take_down"]


def test_the_head_counts_versions_as_readers_do_and_names_the_other_number(client):
    article = scheduled(at=BEGIN + timedelta(days=1))
    article.unschedule(by=an_editor(), now=LATER)
    article.publish(by=an_editor(), now=LATER)
    page = words(seen(client, an_editor(), address(article, "read")))
    assert "live version 1 as readers see it (version 2 in the history)" in page


def test_what_is_away_says_so_on_top(client):
    gone = words(seen(client, an_editor(), address(taken_down(code=451, reason="A court order"), "read")))
    assert "Taken down by Ruth" in gone
    assert "readers get a short notice for legal reasons (451). A court order" in gone
    assert "Readers find a notice in place of the story." in words(client.get(address(retracted(), "read")))


def test_a_blanked_page_names_both_people_and_the_reason_is_read_by_editors_alone(client):
    article, reason = published(), "It names the source Zoe."
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason=reason)
    article.confirm_blank(by=an_editor(), now=LATER)
    page = words(seen(client, a_journalist(), address(article, "read")))
    assert "Taken down Its words were blanked by Ruth and Tomas," in page
    assert "readers get a short notice (410)." in page
    assert reason not in page
    assert words(seen(client, an_editor(), address(article, "read"))).count(reason) == 1  # in the history


def test_an_embargo_past_the_scheduled_time_is_warned_of_and_told(client):
    at = timezone.now() + timedelta(days=1)
    article = scheduled(at=at)
    page = words(seen(client, an_editor(), address(article, "embargo")))
    assert f"It is scheduled for {in_words(at)}; an embargo past that takes it off the schedule" in page
    until = here(at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    typed = {"until_0": until, "lock_version": article.lock_version}
    answer = client.post(address(article, "embargo"), typed, follow=True)
    assert "This took it off the schedule: it is approved" in words(answer)
    assert "off the schedule" not in words(seen(client, an_editor(), address(article, "embargo")))


def test_the_list_of_stories_marks_them(client):
    at = timezone.now() + timedelta(days=2)
    a_section()
    marks = {
        "Gone": (taken_down(headline="Gone"), ["taken down (410)"]),
        "Wrong": (retracted(headline="Wrong"), ["retracted"]),
        "Alone": (unreviewed(), ["published without review"]),
        "Soon": (scheduled(at=at, headline="Soon"), [f"goes public {shortly(at)}"]),
        "Up": (published(headline="Up"), []),
    }
    held = approved(headline="Held")
    held.set_embargo(by=an_editor(), now=LATER, until=at)
    marks["Held"] = (held, [f"embargo until {shortly(at)}"])
    rows = seen(client, an_editor(), "/admin/articles/article/").content.decode().split("<tr>")
    for article, expected in marks.values():
        row = next(row for row in rows if address(article, "change") in row)
        found = row.split("</span>")[:-1]
        assert [part.rsplit(">", 1)[1] for part in found if "status--" in part][1:] == expected
