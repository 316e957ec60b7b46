"""Topics that become one: signed words stand, readers find the stories of both under one name."""

from datetime import timedelta

import pytest
from django.urls import reverse

from articles.groups import GROUPS
from articles.models import Article, FormerSlug, Publication, Topic
from articles.workflow import MoveNotAllowed

from .factories import BEGIN, a_draft, a_journalist, a_managing_editor, a_section, a_topic, an_editor, published
from .forms import filled, words

pytestmark = pytest.mark.django_db


def change(story):
    return reverse("admin:articles_article_change", args=[story.pk])


def merged(old, new):
    old.merge_into(new, by=an_editor())
    return old


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


# --- What readers find ----------------------------------------------------------------------------------------------


def test_the_address_of_a_merged_topic_leads_to_the_other_in_one_hop(client):
    port, harbour = a_topic(name="Port"), a_topic()
    published(topics=[port.pk])
    port.slug = "the-port"
    port.save()
    merged(port, harbour)
    for former in ("port", "the-port"):
        for end in ("/", "/?page=2", "/feed/rss.xml", ""):
            answer = client.get(f"/topics/{former}{end}")
            assert (answer.status_code, answer["Location"]) == (301, f"/topics/harbour{end or '/'}")


def test_page_and_feed_list_the_stories_of_both(client):
    port, harbour = a_topic(name="Port"), a_topic()
    published(headline="Signed with port", topics=[port.pk])
    published(headline="Signed with harbour", topics=[harbour.pk])
    published(headline="Signed with both", topics=[port.pk, harbour.pk])
    merged(port, harbour)
    for path in ("/topics/harbour/", "/topics/harbour/feed/rss.xml"):
        html = page(client, path)
        for headline in ("Signed with port", "Signed with harbour", "Signed with both"):
            assert html.count(f">{headline}</") == 1
    assert Publication.objects.get(headline="Signed with port").content()["topics"] == [port.pk]
    assert all(publication.is_intact() for publication in Publication.objects.all())


def test_a_story_prints_one_topic_once(client):
    port, harbour = a_topic(name="Port"), a_topic()
    both, one = (published(topics=topics) for topics in ([port.pk, harbour.pk], [port.pk]))
    merged(port, harbour)
    for story in (both, one):
        html = page(client, story.live.get_absolute_url())
        assert html.count('href="/topics/harbour/"') == 1
        assert "Port" not in html
    assert page(client, "/feed/rss.xml").count("<category>Harbour</category>") == 2


def test_read_next_finds_a_story_by_the_topic_that_theirs_became():
    port, harbour, quay = a_topic(name="Port"), a_topic(), a_topic(name="Quay")
    elsewhere = a_section(name="Culture").pk
    story = published(topics=[port.pk])
    sharing = {published(topics=[topic.pk], section=elsewhere).pk for topic in (port, harbour, quay)}
    published(topics=[a_topic(name="Tide").pk], section=elsewhere)
    merged(port, harbour)
    merged(quay, harbour)
    found = Publication.objects.beside(story.live, BEGIN + timedelta(days=1), 9)
    assert {publication.article_id for publication in found} == sharing


def test_a_merged_topic_that_nobody_saw_stays_unknown(client):
    port, harbour = a_topic(name="Port"), a_topic()
    a_draft(topics=[port.pk, harbour.pk])
    merged(port, harbour)
    for path in ("/topics/port/", "/topics/harbour/", "/topics/port/feed/rss.xml"):
        page(client, path, status=404)


# --- The verb -------------------------------------------------------------------------------------------------------


def test_what_was_merged_before_goes_along_and_no_chain_forms(client):
    quay, port, harbour = a_topic(name="Quay"), a_topic(name="Port"), a_topic()
    published(topics=[quay.pk])
    merged(quay, port)
    merged(port, harbour)
    assert set(Topic.objects.values_list("name", "merged_into__name")) == {
        ("Quay", "Harbour"),
        ("Port", "Harbour"),
        ("Harbour", None),
    }
    assert client.get("/topics/quay/")["Location"] == "/topics/harbour/"


def test_a_topic_is_merged_once_and_not_into_itself_or_into_one_that_is_gone():
    port, harbour, quay = a_topic(name="Port"), a_topic(), a_topic(name="Quay")
    merged(port, harbour)
    for old, new, why in (
        (port, quay, "“Port” was merged into “Harbour” already"),
        (quay, port, "“Port” was merged into “Harbour” already"),
        (quay, quay, "cannot be merged into itself"),
    ):
        with pytest.raises(MoveNotAllowed, match=why):
            old.merge_into(new, by=an_editor())
    assert not Topic.objects.get(name="Quay").merged_into


def test_merging_is_for_editors():
    port, harbour = a_topic(name="Port"), a_topic()
    with pytest.raises(MoveNotAllowed, match="by editors"):
        port.merge_into(harbour, by=a_journalist())
    assert [name for name in GROUPS if name != "Journalists"] == ["Editors", "Managing editors"]
    assert all(person.has_perm("articles.merge_topic") for person in (an_editor(), a_managing_editor()))


def test_the_address_of_a_merged_topic_is_not_given_to_another(client):
    port, harbour = a_topic(name="Port"), a_topic()
    merged(port, harbour)
    client.force_login(an_editor())
    answer = client.post(reverse("admin:articles_topic_add"), {"name": "Ports", "slug": "port"})
    assert "already exists" in words(answer)
    assert not FormerSlug.objects.exists()


# --- At the desk ----------------------------------------------------------------------------------------------------


def test_an_editor_chooses_reads_what_it_means_and_merges(client):
    port, harbour = a_topic(name="Port"), a_topic()
    for topics in ([port.pk], [harbour.pk], [harbour.pk]):
        published(topics=topics)
    a_draft(topics=[port.pk])
    client.force_login(an_editor())
    merge = reverse("admin:articles_topic_merge", args=[port.pk])
    assert f'href="{merge}"' in client.get(reverse("admin:articles_topic_change", args=[port.pk])).content.decode()
    assert "“Port”: 1 published story" in words(client.get(merge))
    asked = words(client.get(merge, {"into": harbour.pk}))
    for said in ("“Port”: 1 published story", "“Harbour”: 2 published stories", "Merge “Port” into “Harbour”"):
        assert said in asked
    assert not Topic.objects.filter(merged_into__isnull=False).exists()
    done = client.post(merge, {"into": harbour.pk}, follow=True)
    assert "“Port” is merged into “Harbour”." in words(done)
    assert Topic.objects.get(name="Port").merged_into == harbour
    assert "There is nothing left to merge" in words(client.get(merge))


def test_a_topic_that_is_gone_or_the_same_cannot_be_chosen(client):
    port, harbour, quay = a_topic(name="Port"), a_topic(), a_topic(name="Quay")
    merged(port, harbour)
    client.force_login(an_editor())
    merge = reverse("admin:articles_topic_merge", args=[quay.pk])
    for into in (port.pk, quay.pk, 999, "x", ""):
        assert client.post(merge, {"into": into}).status_code == 200
    assert not Topic.objects.get(name="Quay").merged_into
    assert client.post(reverse("admin:articles_topic_merge", args=[999]), {"into": quay.pk}).status_code == 404


def test_for_a_journalist_there_is_nothing_to_merge(client):
    port, harbour = a_topic(name="Port"), a_topic()
    client.force_login(a_journalist())
    assert client.post(reverse("admin:articles_topic_merge", args=[port.pk]), {"into": harbour.pk}).status_code == 404
    assert not Topic.objects.get(name="Port").merged_into


def test_the_form_offers_the_topic_of_today_and_saving_takes_it(client):
    port, harbour = a_topic(name="Port"), a_topic()
    story = a_draft(topics=[port.pk])
    merged(port, harbour)
    client.force_login(story.creator)
    path = change(story)
    response = client.get(path)
    offered = [(str(choice.data["value"]), choice.data["selected"]) for choice in response.context["form"]["topics"]]
    assert offered == [(str(harbour.pk), True)]
    assert Article.objects.get().content()["topics"] == [port.pk]
    assert client.post(path, filled(response, headline="Saved since")).status_code == 302
    saved = Article.objects.get()
    assert (saved.headline, saved.content()["topics"]) == ("Saved since", [harbour.pk])


def test_a_form_that_was_opened_before_the_merge_saves_into_the_other(client):
    port, harbour = a_topic(name="Port"), a_topic()
    story = a_draft(topics=[port.pk])
    client.force_login(story.creator)
    before = client.get(change(story))
    merged(port, harbour)
    refused = client.post(change(story), filled(before, topics=[str(port.pk), "x"]))
    assert refused.status_code == 422
    assert filled(refused)["topics"] == [str(harbour.pk)]
    assert client.post(change(story), filled(before, headline="Still mine")).status_code == 302
    saved = Article.objects.get()
    assert (saved.headline, saved.content()["topics"]) == ("Still mine", [harbour.pk])


def test_the_preview_prints_the_topic_that_readers_will_find(client):
    port, harbour = a_topic(name="Port"), a_topic()
    story = a_draft(topics=[port.pk, harbour.pk])
    merged(port, harbour)
    client.force_login(story.creator)
    html = page(client, reverse("admin:articles_article_preview", args=[story.pk]))
    assert html.count('href="/topics/harbour/"') == 1
    assert "Port" not in html
