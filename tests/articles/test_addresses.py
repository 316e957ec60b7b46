"""Addresses of sections, topics and authors: of any script, answered for ever, in one hop, never given away."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from articles.models import Author, FormerSlug, Section, Topic
from articles.models.kept import HistoryStands

from .factories import BEGIN, a_section, a_topic, an_author, an_editor, published, republish

pytestmark = pytest.mark.django_db
KINDS = pytest.mark.parametrize("make", [a_section, a_topic, an_author])


def rename(row, *slugs):
    """Give `row` each of these addresses in turn, as on the desk."""
    for slug in slugs:
        row.slug = slug
        row.full_clean()
        row.save()
    return row


def hop(client, path):
    answer = client.get(path)
    return answer.status_code, answer.get("Location")


def used(make):
    """A row that a public story names, at the address `a`."""
    row = make()
    published(topics=[a_topic().pk])
    return rename(row, "a")


def at(row, slug):
    """The address that `row` has, or had, by this slug."""
    return unquote(row.get_absolute_url()).replace(f"/{row.slug}/", f"/{slug}/")


# --- Chains --------------------------------------------------------------------------------------------------------


@KINDS
def test_every_former_address_leads_to_todays_in_one_hop(client, make):
    row = rename(used(make), "b", "c")
    for former in ("a", "b"):
        for end in ("", "?page=1", "feed/rss.xml", "feed/rss.xml?from=mail"):
            assert hop(client, at(row, former) + end) == (301, at(row, "c") + end)
        assert hop(client, at(row, former).rstrip("/")) == (301, at(row, "c"))
    assert client.get(at(row, "c")).status_code == 200
    assert hop(client, at(row, "c").rstrip("/")) == (301, at(row, "c"))


def test_a_section_is_never_deleted_even_one_without_stories(client):
    section = a_section()
    for delete in (section.delete, Section.objects.all().delete):
        with pytest.raises(HistoryStands, match="It may be renamed"):
            delete()
    assert client.get(section.get_absolute_url()).status_code == 200


@KINDS
def test_letters_typed_with_their_marks_apart_lead_to_the_address(client, make):
    row = rename(used(make), "caf\u00e9")
    for end in ("", "?page=1"):
        assert hop(client, at(row, "cafe\u0301") + end) == (301, row.get_absolute_url() + end)
    feed = at(row, "cafe\u0301") + "feed/rss.xml"
    assert client.get(feed).status_code == 200
    assert client.get(row.get_absolute_url()).status_code == 200


@KINDS
def test_an_address_that_no_form_has_read_is_stored_with_its_marks_on_the_letters(client, make):
    row = used(make)
    for _ in range(2):
        row.slug = "cafe\u0301"
        row.save()
    assert row.slug == "caf\u00e9"
    assert not FormerSlug.objects.filter(slug=row.slug).exists()
    type(row).objects.filter(pk=row.pk).update(slug="the\u0301")
    FormerSlug.objects.create(kind=row._meta.model_name, slug="cine\u0301", target=row.pk)
    row.refresh_from_db()
    assert client.get(row.get_absolute_url()).status_code == 200
    assert hop(client, at(row, "cin\u00e9")) == (301, row.get_absolute_url())


@KINDS
def test_an_address_that_comes_back_is_the_page_again(client, make):
    row = rename(used(make), "b", "a")
    assert client.get(at(row, "a")).status_code == 200
    assert client.get(f"{at(row, 'a')}feed/rss.xml").status_code == 200
    assert hop(client, at(row, "b")) == (301, at(row, "a"))
    rename(row, "b")
    assert client.get(at(row, "b")).status_code == 200
    assert hop(client, at(row, "a")) == (301, at(row, "b"))


@KINDS
def test_an_address_once_used_is_never_given_to_another(make):
    row = rename(make(), "a", "b")
    other = type(row)(name="Another", slug="a")
    with pytest.raises(ValidationError, match="still leads there"):
        other.full_clean()
    other.slug = "free"
    other.full_clean()
    assert FormerSlug.objects.filter(slug="a").get().target == row.pk


def test_a_story_goes_along_with_its_section_in_one_hop(client):
    story = published()
    section = story.live.section
    paths = []
    for slug in ("a", "b", "a", "c"):
        rename(section, slug)
        paths.append(story.live.get_absolute_url())
    assert paths[0] == paths[2]
    for former in paths[:3]:
        for end in ("", "versions/", "versions/1/"):
            assert hop(client, former + end) == (301, paths[3] + end)
    assert client.get(paths[3]).status_code == 200


def test_a_story_that_moves_to_another_section_and_back_has_one_address(client):
    story = published()
    first = story.live.get_absolute_url()
    culture, coast = a_section(name="Culture"), a_section()
    republish(story, at=BEGIN + timedelta(days=1), kind="update", section=culture.pk, slug="moved")
    second = story.live.get_absolute_url()
    assert hop(client, first) == (301, second)
    republish(story, at=BEGIN + timedelta(days=2), kind="update", section=coast.pk, slug="pier-closes-for-repairs")
    assert hop(client, second) == (301, first)
    assert client.get(first).status_code == 200


def test_the_address_of_what_was_never_public_leads_nowhere(client):
    for row in (a_topic(), an_author()):
        rename(row, "a", "b")
        for slug in ("a", "b"):
            assert hop(client, at(row, slug)) == (404, None)


# --- Scripts and signs ---------------------------------------------------------------------------------------------


@KINDS
def test_addresses_have_letters_of_any_script_with_their_marks(client, make):
    row = used(make)
    for slug in ("नगर-परिषद", "தமிழ்", "مخبز-الميناء", "äöü"):
        rename(row, slug)
        assert client.get(row.get_absolute_url()).status_code == 200
        assert client.get(f"{row.get_absolute_url()}feed/rss.xml").status_code == 200
        assert hop(client, at(row, "a")) == (301, row.get_absolute_url())


@KINDS
@pytest.mark.parametrize("slug", ["a b", "a/b", "a.b", "a?b", "a\u200db", ""])
def test_other_signs_make_no_address(make, slug):
    with pytest.raises(ValidationError) as refusal:
        rename(make(), slug)
    assert set(refusal.value.error_dict) == {"slug"}


@pytest.mark.parametrize(
    "path", ["/a.b/", "/a%20b/", "/a%00b/", "/topics/a%00b/", "/authors/a%0Ab/", "/a%00b/feed/rss.xml"]
)
def test_what_is_no_address_answers_404(client, path):
    assert client.get(path).status_code == 404


def test_the_sites_own_addresses_keep_their_redirects(client):
    assert hop(client, "/corrections") == (301, "/corrections/")
    assert hop(client, "/donate") == (301, "/donate/")
    assert hop(client, "/Topics/") == (404, None)


# --- At the desk ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "name"), [(Section, "नगर परिषद"), (Topic, "Élections 2026"), (Author, "Ana Reyes")])
def test_an_address_is_made_from_the_name_where_none_is_typed(client, model, name):
    client.force_login(an_editor())
    path = reverse(f"admin:articles_{model._meta.model_name}_add")
    assert client.post(path, {"name": name, "slug": "", "position": "0"}).status_code == 302
    made = {"नगर परिषद": "नगर-परिषद", "Élections 2026": "élections-2026", "Ana Reyes": "ana-reyes"}
    assert model.objects.get().slug == made[name]


@pytest.mark.parametrize("model", [Section, Topic, Author])
def test_signs_that_nobody_sees_are_not_taken_into_a_name(client, model):
    client.force_login(an_editor())
    path = reverse(f"admin:articles_{model._meta.model_name}_add")
    assert client.post(path, {"name": "\x02", "slug": "desk", "position": "0"}).status_code == 200
    assert client.post(path, {"name": "City\x02 desk", "slug": "", "position": "0"}).status_code == 302
    assert (model.objects.get().name, model.objects.get().slug) == ("City desk", "city-desk")


def test_the_desk_says_what_is_wrong_with_an_address(client):
    client.force_login(an_editor())
    rename(a_section(), "a", "b")
    path = reverse("admin:articles_section_add")
    for slug, said in (
        ("a", "was another section’s address"),
        ("b", "already exists"),
        ("a b", "letters, digits and hyphens"),
        ("Topics", "is an address of the site itself"),
    ):
        answer = client.post(path, {"name": "Other", "slug": slug, "position": "0"})
        assert answer.status_code == 200
        assert said.replace("’", "&#x27;") in answer.content.decode()
    assert Section.objects.count() == 1
