"""Links of a story to our own pages, and what readers would find there today."""

from datetime import timedelta

import pytest
from django.urls import reverse

from articles.internal_links import dead, internal_links
from articles.models import Takedown

from .factories import BEGIN, a_draft, a_managing_editor, a_section, a_topic, an_author, published, republish

SITE = "https://news.example.org"


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


def test_links_to_our_own_pages_are_found_each_once():
    body = f'<p><a href="/coast/">a</a> <a href="{SITE}/topics/tide/?page=2&amp;x=1#top">b</a> <a href="/coast/">c</a></p>'
    assert internal_links(body) == ["/coast/", f"{SITE}/topics/tide/?page=2&x=1" + "#top"]


@pytest.mark.parametrize("href", ["https://example.org/coast/", "mailto:a@example.org", "#corrections"])
def test_what_leads_elsewhere_is_not_ours(href):
    assert internal_links(f'<p><a href="{href}">a</a></p>') == []


@pytest.mark.django_db
def test_pages_that_answer_are_not_dead():
    article = published(topics=[a_topic().pk])
    author = an_author()
    address = article.live.get_absolute_url()
    ours = ["/", f"{SITE}", "/coast/", "/coast", "/topics/harbour/", author.get_absolute_url(), address, address[:-1]]
    ours += [f"{address}#corrections", "/about/ethics/", "/donate/", "/coast/?page=1"]
    assert dead(ours) == ()


@pytest.mark.django_db
def test_pages_that_do_not_answer_are_dead():
    a_topic(name="Unborn")
    draft = a_draft()
    nowhere = ["/cost/", "/topics/unborn/", "/authors/nobody/", "/no/such/page/", f"/coast/2026/10/pier-{draft.pk}/"]
    nowhere += ["/about/nothing/", "/coast/?page=99", "/coast/feed/none.xml"]
    assert dead(nowhere) == tuple(nowhere)


@pytest.mark.django_db
def test_pages_that_are_not_for_every_reader_are_dead():
    private = ["/admin/", "/admin/articles/article/", "/giving/token/", "/stripe/webhook/", "/healthz", "/thanks/"]
    private.append(reverse("articles:preview", args=["token"]))
    assert dead(private) == tuple(private)


@pytest.mark.django_db
def test_a_former_address_still_leads_there():
    article = published(slug="old-words")
    before = article.live.get_absolute_url()
    republish(article, at=BEGIN + timedelta(hours=1), slug="new-words")
    assert "old-words" in before
    assert dead([before]) == ()


@pytest.mark.django_db
def test_a_story_that_was_taken_down_is_dead():
    article = published()
    address = article.live.get_absolute_url()
    assert dead([address]) == ()
    Takedown.objects.create(article=article, code=410, reason="Wrong man", by=a_managing_editor(), at=BEGIN)
    assert dead([address]) == (address,)


@pytest.mark.django_db
def test_a_section_in_another_script_is_found_by_either_spelling():
    a_section(name="Küste", slug="küste")
    assert dead(["/küste/", "/k%C3%BCste/"]) == ()


@pytest.mark.django_db
def test_a_former_name_of_a_section_still_leads_there():
    section = a_section(name="Coast")
    section.slug = "shore"
    section.save()
    assert dead(["/coast/", "/shore/", "/inland/"]) == ("/inland/",)


@pytest.mark.django_db
def test_many_links_to_stories_are_looked_up_at_once(django_assert_num_queries):
    stories = [published() for _ in range(3)]
    addresses = [story.live.get_absolute_url() for story in stories]
    draft = f"/coast/2026/10/pier-{a_draft().pk}/"
    with django_assert_num_queries(2):
        assert dead([*addresses, draft, "/coast/", "/coast"]) == (draft,)
