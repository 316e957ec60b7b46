"""The pages that readers see: whole, the same for everybody, and never showing what is not public."""

import itertools
import json
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core.cache import cache
from django.views.defaults import server_error

from articles.models import FormerSlug, Publication, ReadingAid, Section, Takedown
from articles.policies import POLICIES
from donations.models import Campaign

from .bending import bend
from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    approved,
    published,
    republish,
    submitted,
)

pytestmark = pytest.mark.django_db
LONG_BODY = f"<p>{'The tide came in. ' * 20}</p>" * 12
OUTSIDE = re.compile(r"""(?:src|srcset|href|action|content)=["'](?:https?:)?//(?!127\.0\.0\.1:8000)""")


@pytest.fixture(autouse=True)
def a_campaign(settings):
    return Campaign.objects.create(
        slug="publishing-costs",
        title="Publishing costs",
        appeal="It costs $10,000 a year to publish the Record.",
        goal=1_000_000,
        starts=BEGIN.date().replace(month=1, day=1),
        status=Campaign.Status.LIVE,
        is_default=True,
    )


def address(article):
    return article.live.get_absolute_url()


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, path
    return " ".join(answer.content.decode().replace("&nbsp;", " ").split())


def in_order(html, *parts):
    """Fails unless `parts` stand in `html` in this order, each after the one before."""
    position = 0
    for part in parts:
        found = html.find(part, position)
        assert found >= 0, f"{part!r} is missing, or stands before {parts[: parts.index(part)]}"
        position = found + len(part)
    return True


def with_renditions(picture):
    picture.renditions = [
        {"name": f"pictures/pier-{width}.{end}", "width": width, "height": width * 2 // 3, "type": f"image/{kind}"}
        for width, end, kind in (
            (480, "webp", "webp"),
            (1600, "webp", "webp"),
            (800, "jpg", "jpeg"),
            (1200, "jpg", "jpeg"),
        )
    ]
    picture.save()
    return picture


def a_full_story():
    """A story with all that its page can show."""
    ana = an_author(bio="Ana Reyes covers the harbor.")
    marit = an_author(name="Marit Halvorsen", bio="Marit Halvorsen takes pictures.")
    story = published(
        headline="Pier closes for repairs",
        kicker="Repairs",
        body=LONG_BODY,
        topics=[a_topic().pk],
        byline=[{"author": ana.pk, "role": ""}, {"author": marit.pk, "role": "photographs by"}],
        lead_picture=with_renditions(a_picture()).pk,
        lead_alt="The pier at dusk",
        lead_caption="The pier on Monday.",
        lead_credit="Photo: Marit Halvorsen",
    )
    note = "An earlier version named the wrong engineer."
    republish(story, at=BEGIN + timedelta(days=1), kind="correction", public_note=note, kicker="The pier")
    published(headline="Another tide story", topics=[a_topic().pk])
    return story


# --- The page of a story ---------------------------------------------------------------------------------------------


def test_a_storys_page_has_its_parts_in_their_order(client):
    html = page(client, address(a_full_story()))
    assert in_order(
        html,
        '<a class="skip-link" href="#main">',
        'aria-label="Sections"',
        'id="main"',
        ">The pier</p>",
        "<h1>Pier closes for repairs</h1>",
        "Nobody fishes there until spring.",
        '<a href="/authors/ana-reyes/">Ana Reyes</a>',
        'photographs by <a href="/authors/marit-halvorsen/">Marit Halvorsen</a>',
        "October 1, 2026, 5:15 a.m. EDT",
        "Updated",
        "October 2, 2026, 5:00 a.m. EDT",
        "min read",
        "<strong>Correction.</strong> An earlier version named the wrong engineer.",
        'alt="The pier at dusk"',
        "The pier on Monday.",
        "Photo: Marit Halvorsen",
        "The tide came in.",
        'class="leads-down"',
        'id="corrections"',
        "An earlier version named the wrong engineer.",
        'id="appeal"',
        "It costs $10,000 a year to publish the Record.",
        "Ana Reyes covers the harbor.",
        "Marit Halvorsen takes pictures.",
        '<a href="/topics/harbour/">Harbour</a>',
        "Another tide story",
        "Back to top",
        "Corrections</a>",
    )


def test_a_first_version_says_nothing_of_updates_or_corrections(client):
    html = page(client, address(published()))
    assert "Updated" not in html
    assert 'class="correction-box"' not in html
    assert 'id="corrections"' not in html


def test_a_typing_error_moves_no_date_and_leaves_no_note(client):
    story = published()
    republish(story, at=BEGIN + timedelta(days=1), kind="typo", headline="Pier closes for repair")
    html = page(client, address(story))
    assert "<h1>Pier closes for repair</h1>" in html
    assert "Updated" not in html
    assert 'id="corrections"' not in html


def test_several_authors_are_joined_in_words(client):
    byline = [
        {"author": an_author(name=name).pk, "role": ""} for name in ("Ana Reyes", "Dele Okonkwo", "Marit Halvorsen")
    ]
    html = page(client, address(published(byline=byline)))
    names = re.sub(r"<[^>]+>", "", html[html.index('<p class="byline">') : html.index("October 1")])
    assert " ".join(names.split()) == "By Ana Reyes, Dele Okonkwo and Marit Halvorsen"


def test_every_page_prints_the_same_byline(client):
    ana = an_author()
    for role, printed in (("", "By Ana Reyes"), ("photographs by", "photographs by Ana Reyes")):
        story = published(headline=f"A story with {role or 'a writer'}", byline=[{"author": ana.pk, "role": role}])
        assert story.live.byline == printed
        for path in ("/", "/coast/", "/authors/ana-reyes/", address(story)):
            shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(client, path)))
            assert printed in shown
            assert "By photographs" not in shown


def test_a_story_whose_countings_are_still_to_be_made_again_has_its_page_and_its_reading_time(client):
    story = published(body=LONG_BODY)
    minutes = story.live.aid.minutes
    ReadingAid.objects.all().delete()
    assert minutes > 1
    for path in (address(story), "/coast/"):
        assert f"{minutes} min read" in page(client, path)


def test_names_and_roles_are_escaped_in_a_byline(client):
    byline = [{"author": an_author(name="<b>Ana", slug="ana").pk, "role": "<i>by"}]
    html = page(client, address(published(byline=byline)))
    assert '&lt;i&gt;by <a href="/authors/ana/">&lt;b&gt;Ana</a>' in html


def test_the_lead_picture_comes_in_all_renditions_first_and_at_its_size(client):
    html = page(client, address(a_full_story()))
    assert 'srcset="/media/pictures/pier-480.webp 480w, /media/pictures/pier-1600.webp 1600w"' in html
    assert 'src="/media/pictures/pier-1200.jpg"' in html
    assert 'width="1200"' in html
    assert 'height="800"' in html
    assert html.count('fetchpriority="high"') == 1


def test_a_picture_whose_renditions_are_still_being_made_leaves_no_hole(client):
    picture = a_picture()
    story = published(lead_picture=picture.pk, lead_alt="The pier", lead_credit="Photo: Ana")
    type(picture).objects.update(renditions=[])
    html = page(client, address(story))
    assert "<img" not in html.split('<aside class="appeal"')[0]
    assert "Photo: Ana" not in html


def test_what_search_engines_read_cannot_end_its_own_element(client):
    story = published(headline='Ships & "</script><script>alert(1)</script>"', standfirst="<b>Bold</b>")
    html = page(client, address(story))
    data = html.split('<script type="application/ld+json">')[1].split("</script>")[0]
    read = json.loads(data)
    assert "<" not in data
    assert read["headline"] == story.live.headline
    assert read["author"] == [
        {"@type": "Person", "name": "Ana Reyes", "url": "http://127.0.0.1:8000/authors/ana-reyes/"}
    ]
    assert read["datePublished"] == "2026-10-01T09:15:00+00:00"
    assert "<script>alert" not in html


def test_a_page_names_itself_for_tabs_searches_and_shared_links(client):
    story = published(share_title="Short pier", share_text="A pier closes.")
    html = page(client, address(story))
    assert "<title>Short pier | The Merrow Bay Record</title>" in html
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{address(story)}">' in html
    assert '<meta name="description" content="A pier closes.">' in html
    assert '<meta property="og:title" content="Short pier">' in html


def test_a_story_in_another_language_says_so_and_runs_its_own_way(client):
    story = published(headline="الميناء", standfirst="قبل الفجر", language="ar")
    html = page(client, address(story))
    assert '<article class="story" lang="ar" dir="rtl">' in html
    assert '<div class="story-meta meta" lang="en" dir="ltr">' in html


def test_a_retracted_story_is_a_notice_without_text_picture_or_appeal(client):
    story = published(body=LONG_BODY)
    bend(Publication.objects.filter(article=story), kind="retraction", public_note="The documents were forged.")
    html = page(client, address(story))
    assert "The documents were forged." in html
    assert "The tide came in." not in html
    assert 'id="appeal"' not in html


def test_nothing_outside_its_notice_repeats_what_a_retracted_story_said(client):
    claim = "The mayor took the money."
    story = published(headline="Pier closes", standfirst=claim, share_text=f"Shared: {claim}")
    path, section = address(story), story.section.get_absolute_url()
    for shown in (path, "/", section, "/feed/rss.xml"):
        assert claim in page(client, shown)
    bend(Publication.objects.filter(article=story), kind="retraction", public_note="It was forged.")
    for shown in (path, "/", section, "/feed/rss.xml"):
        html = page(client, shown)
        assert "Pier closes" in html
        assert claim not in html


# --- The appeal -------------------------------------------------------------------------------------------------------


def test_a_long_story_leads_down_to_the_appeal_once(client):
    html = page(client, address(published(body=LONG_BODY)))
    assert html.count('href="#appeal"') == 1
    assert html.count('id="appeal"') == 1


@pytest.mark.parametrize("change", [{"sensitivity": "sensitive"}, {}], ids=["sensitive", "switched off"])
def test_where_no_appeal_belongs_nothing_of_it_is_on_the_page(client, change):
    story = published(body=LONG_BODY, **change)
    if not change:
        type(story).objects.filter(pk=story.pk).update(appeal_off=True, appeal_off_reason="A death in the family")
    html = page(client, address(story))
    assert "The tide came in." in html
    assert "appeal" not in html.replace("/donate/?appeal=elsewhere", "")  # from the top and foot of any page


def test_without_a_campaign_a_story_has_no_appeal_and_no_sentence_leads_to_one(client, a_campaign):
    a_campaign.delete()
    html = page(client, address(published(body=LONG_BODY)))
    assert "#appeal" not in html


# --- What a page costs and says of itself --------------------------------------------------------------------------


def test_a_story_costs_at_most_five_queries(client, django_assert_max_num_queries):
    path = address(a_full_story())
    cache.clear()
    with django_assert_max_num_queries(5):
        assert 'id="appeal"' in page(client, path)


def test_a_story_with_many_versions_costs_no_more(client, django_assert_max_num_queries):
    story = a_full_story()
    for day in range(2, 8):
        republish(story, at=BEGIN + timedelta(days=day), kind="update", public_note="More.", kicker=f"Day {day}")
    path = address(story)
    cache.clear()
    with django_assert_max_num_queries(5):
        assert page(client, path).count("More.") == 6


def test_lists_cost_the_same_for_one_story_and_for_many(client, django_assert_max_num_queries):
    for number in range(12):
        published(headline=f"Story {number}", byline=[{"author": an_author(name=f"Author {number}").pk, "role": ""}])
    for path in ("/", "/coast/"):
        with django_assert_max_num_queries(5):
            assert "Story 11" in page(client, path)


FEEDS = ("/feed/rss.xml", "/corrections/feed/rss.xml")
OF_A_STORY = ("", "versions/", "versions/1/")  # after its address
PAGES = ("/", "/coast/", "/topics/harbour/", "/authors/ana-reyes/", "/about/ethics/", "/corrections/", *OF_A_STORY)


def whole(path, story):
    return address(story) + path if path in OF_A_STORY else path


@pytest.mark.parametrize("path", [*PAGES, *FEEDS])
def test_a_readers_page_is_the_same_for_everybody(client, path):
    story = a_full_story()
    path = whole(path, story)
    anonymous = client.get(path)
    client.force_login(an_editor())
    signed_in = client.get(path)
    for answer in (anonymous, signed_in):
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        assert set(answer["Cache-Control"].split(", ")) == {"public", "max-age=0", "must-revalidate"}
        assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert anonymous.content == signed_in.content


@pytest.mark.parametrize("path", PAGES)
def test_a_readers_page_asks_no_other_host_and_needs_no_script(client, path):
    story = a_full_story()
    html = page(client, whole(path, story))
    assert not OUTSIDE.search(html)
    assert " style=" not in html
    assert "onclick" not in html
    for script in re.findall(r"<script[^>]*>", html):
        assert "ld+json" in script or "defer" in script


@pytest.mark.parametrize("path", PAGES)
def test_a_readers_page_has_one_main_heading_and_skips_no_level(client, path):
    story = a_full_story()
    html = page(client, whole(path, story))
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_page_that_has_not_changed_is_not_sent_again(client):
    path = address(published())
    first = client.get(path)
    assert client.get(path, headers={"if-none-match": first["ETag"]}).status_code == 304


def test_readers_pages_only_answer_to_reading(client):
    assert client.post("/").status_code == 405


# --- Addresses -------------------------------------------------------------------------------------------------------


def test_wrong_words_around_the_right_id_lead_to_the_story_in_one_hop(client):
    story = published()
    right = address(story)
    for wrong in (
        f"/coast/2026/10/something-else-{story.pk}/",
        f"/culture/1999/1/{story.pk}/",
        f"/coast/2026/10/pier-closes-for-repairs-{story.pk}",
    ):
        answer = client.get(wrong)
        assert (answer.status_code, answer["Location"]) == (301, right)


def test_a_redirect_keeps_the_query(client):
    story = published()
    assert client.get(f"/a/1/1/{story.pk}/?from=mail")["Location"] == f"{address(story)}?from=mail"


def test_an_address_in_another_script_is_answered_without_a_redirect(client):
    story = published(headline="مخبز الميناء")
    assert unquote(address(story)).endswith(f"/مخبز-الميناء-{story.pk}/")
    assert client.get(address(story)).status_code == 200


def test_a_story_without_words_in_its_address_is_called_story(client):
    story = published(headline="???", slug="")
    assert address(story).endswith(f"/story-{story.pk}/")
    assert client.get(address(story)).status_code == 200


def test_year_and_month_are_the_newsrooms_own(client):
    story = published(at=BEGIN.replace(month=11, day=1, hour=2))  # still October in New York
    assert address(story).startswith("/coast/2026/10/")


def test_what_is_not_public_answers_404(client):
    a_section()
    hidden = [a_draft(), submitted(), approved()]
    spiked = a_draft()
    spiked.spike(by=spiked.creator, now=BEGIN)
    for article in [*hidden, spiked]:
        assert client.get(f"/coast/2026/10/pier-closes-for-repairs-{article.pk}/").status_code == 404
    for path in (
        "/nowhere/",
        "/topics/nothing/",
        "/authors/nobody/",
        "/about/nothing/",
        "/coast/?page=9",
        "/coast/?page=x",
    ):
        assert client.get(path).status_code == 404
    assert client.get("/coast/2026/10/x-999999999999999999/").status_code == 404


def test_files_that_others_look_for_are_not_taken_for_sections(client):
    assert client.get("/nothing.txt").status_code == 404


def test_lists_show_nothing_that_is_not_public(client):
    published(headline="Seen by all")
    for make in (a_draft, submitted, approved):
        make(headline="Still secret", topics=[a_topic().pk])
    for path in ("/", "/coast/", "/authors/ana-reyes/", "/feed/rss.xml"):
        html = page(client, path)
        assert "Seen by all" in html
        assert "Still secret" not in html
    assert client.get("/topics/harbour/").status_code == 404


def test_a_newer_working_copy_of_a_live_story_stays_private(client):
    story = published(headline="What readers know")
    words = {**story.content(), "headline": "What they will know", "body": "<p>Not yet.</p>"}
    story.save_content(words, by=story.creator, now=BEGIN, lock_version=story.lock_version)
    html = page(client, address(story))
    assert "What readers know" in html
    assert "What they will know" not in html
    assert "Not yet." not in html


def test_a_story_is_there_from_its_second_on_and_not_before(client, time_machine):
    story = published(at=BEGIN)
    bend(Publication.objects.filter(article=story), visible_from=BEGIN + timedelta(days=2))
    path = address(story)
    time_machine.move_to(BEGIN + timedelta(days=2, seconds=-1))
    for early in (path, path.rstrip("/"), f"{path}versions/", f"{path}versions/1/"):
        answer = client.get(early)
        assert (answer.status_code, "no-store" in answer.get("Cache-Control", "")) == (404, True)  # nobody keeps it
        assert not answer.cookies
    time_machine.move_to(BEGIN + timedelta(days=2))
    assert client.get(path).status_code == 200


def test_a_takedown_and_its_end_count_at_once_whoever_kept_a_copy(client):
    story = a_full_story()
    path = address(story)
    kept = client.get(path)["ETag"]
    story.take_down(by=a_managing_editor(), now=BEGIN + timedelta(days=1), reason="An error of law")
    gone = client.get(path, headers={"If-None-Match": kept})
    assert gone.status_code == 410
    assert set(gone["Cache-Control"].split(", ")) == {"public", "max-age=0", "must-revalidate"}


@pytest.mark.parametrize(("code", "words"), [(410, "taken this story down"), (451, "legal reasons")])
def test_a_story_that_was_taken_down_says_so_and_shows_nothing(client, code, words):
    story = published(headline="Pier closes", body=LONG_BODY)
    path = address(story)
    Takedown.objects.create(article=story, code=code, reason="Danger", by=a_managing_editor(), at=BEGIN)
    html = page(client, path, status=code)
    assert words in html
    assert "Pier closes" not in html
    assert "The tide came in." not in html
    assert "Danger" not in html
    assert "Pier closes" not in page(client, "/")


def test_former_names_of_sections_topics_and_authors_lead_to_todays(client):
    a_full_story()
    for kind, target in (("section", a_section()), ("topic", a_topic()), ("author", an_author())):
        FormerSlug.objects.create(kind=kind, slug="old", target=target.pk)
        path = target.get_absolute_url().replace(target.slug, "old")
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (301, target.get_absolute_url())
        assert client.get(f"{path}?page=2")["Location"] == f"{target.get_absolute_url()}?page=2"


# --- Lists -----------------------------------------------------------------------------------------------------------


def test_the_front_page_leads_with_the_newest_and_bands_the_rest_by_section(client):
    culture = a_section(name="Culture")
    for number in range(8):
        section = culture if number % 2 else a_section()
        published(headline=f"Story {number}", at=BEGIN + timedelta(days=number), section=section.pk)
    html = page(client, "/")
    assert in_order(html, '<h1 class="nameplate">', "Story 7", "Story 6", "Story 5", "Story 4", "Story 3")
    assert in_order(html, "Story 3", ">Coast</a>", "Story 2", "Story 0", ">Culture</a>", "Story 1")


def test_an_empty_newsroom_has_a_front_page_and_empty_sections(client):
    a_section()
    assert "Nothing has been published yet" in page(client, "/")
    assert "Nothing has been published in this section yet" in page(client, "/coast/")


def test_a_long_list_is_turned_page_by_page(client):
    for number in range(21):
        published(headline=f"Story {number:02}", at=BEGIN + timedelta(hours=number))
    first, second = page(client, "/coast/"), page(client, "/coast/?page=2")
    assert in_order(first, "Story 20", "Story 01", "Page 1 of 2", "Older stories")
    assert "Story 00" not in first
    assert in_order(second, "Story 00", "Newer stories", "Page 2 of 2")
    assert 'rel="canonical" href="http://127.0.0.1:8000/coast/?page=2"' in second


PAGES_OF_PEOPLE_AND_TOPICS = ("/topics/harbour/", "/authors/ana-reyes/")


def go_on_answering(client, headline):
    for path in PAGES_OF_PEOPLE_AND_TOPICS:
        shown = page(client, path)
        assert headline not in shown
        assert "at present" in shown
        assert headline not in page(client, f"{path}feed/rss.xml")


def test_a_topic_and_an_author_that_an_update_dropped_go_on_answering(client, now):
    story = published(headline="Pier closes", topics=[a_topic().pk])
    dele = an_author(name="Dele Okonkwo")
    republish(story, at=now, kind="update", topics=[], byline=[{"author": dele.pk, "role": ""}])
    go_on_answering(client, "Pier closes")


def test_a_topic_and_an_author_of_a_story_that_was_taken_down_go_on_answering(client, now):
    story = published(headline="Pier closes", topics=[a_topic().pk])
    Takedown.objects.create(article=story, code=410, reason="An error.", by=a_managing_editor(), at=now)
    go_on_answering(client, "Pier closes")


def test_a_topic_whose_only_story_is_still_to_come_has_no_page(client, now):
    story = approved(topics=[a_topic().pk])
    story.publish(by=an_editor(), now=now + timedelta(days=60))  # the test's clock stands in the past of that
    for path in PAGES_OF_PEOPLE_AND_TOPICS:
        page(client, path, status=404)


def test_an_author_twice_in_a_byline_is_listed_once(client):
    ana = an_author()
    published(byline=[{"author": ana.pk, "role": ""}, {"author": ana.pk, "role": "photographs by"}])
    assert page(client, "/authors/ana-reyes/").count('class="card-headline"') == 1


def test_read_next_prefers_a_shared_topic_and_then_the_section(client):
    story = published(topics=[a_topic().pk])
    near = published(headline="Same section", at=BEGIN + timedelta(days=2))
    published(headline="Elsewhere", section=a_section(name="Culture").pk, at=BEGIN + timedelta(days=3))
    told = published(headline="Same topic", section=a_section(name="Culture").pk, topics=[a_topic().pk])
    found = Publication.objects.beside(story.live, BEGIN + timedelta(days=9), 4)
    assert [publication.article_id for publication in found] == [told.pk, near.pk]


def test_the_navigation_names_the_sections_in_their_order_and_marks_where_one_is(client):
    published()
    Section.objects.create(name="City Hall", slug="city-hall", position=0)
    Section.objects.filter(slug="coast").update(position=1)
    cache.clear()
    html = page(client, "/coast/")
    assert in_order(html, 'href="/city-hall/">City Hall', 'href="/coast/" aria-current="page">Coast')


# --- Promises and errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", POLICIES)
def test_every_policy_has_its_page_and_is_linked_from_the_foot(client, slug):
    html = page(client, f"/about/{slug}/")
    assert f"<h1>{POLICIES[slug].title}</h1>" in html
    assert f'href="/about/{slug}/"' in page(client, "/")


def test_the_page_for_wrong_addresses_looks_like_the_site_and_sets_no_cookie(client):
    answer = client.get("/nowhere/at/all/")
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.content.decode()
    assert not answer.cookies


def test_the_page_for_our_own_faults_needs_neither_database_nor_context(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = server_error(rf.get("/"))
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()


def test_the_page_for_what_could_not_be_read_needs_no_database_either(client, settings, django_assert_num_queries):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    with django_assert_num_queries(0):
        answer = client.post("/admin/login/", {"username": "somebody with a long name"})
    assert answer.status_code == 400
    assert "Go back: what you typed should still be there." in answer.content.decode()


def test_body_text_is_shown_as_it_was_signed(client):
    assert BODY in page(client, address(published()))
