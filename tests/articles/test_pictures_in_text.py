"""Pictures that stand in a text: who sees them at the desk, and when readers do."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from articles.models import Article, Picture, PublicationPicture
from articles.templatetags import readers

from .bending import bend
from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_author,
    an_editor,
    published,
)

pytestmark = pytest.mark.django_db


def dele():
    return a_journalist(username="dele")


def a_story_of_dele(*pictures, restricted=False):
    body = BODY + "".join(map(a_figure, pictures))
    article = a_draft(by=dele(), author=an_author(name="Dele"), body=body)
    Article.objects.filter(pk=article.pk).update(restricted=restricted)
    return article


def sees(person, picture):
    return Picture.objects.seen_by(person).filter(pk=picture.pk).exists()


def test_a_picture_in_a_text_is_seen_by_those_who_see_the_story():
    picture = a_picture(by=a_managing_editor())
    assert not sees(dele(), picture)
    a_story_of_dele(picture)
    assert sees(dele(), picture)
    assert sees(an_editor(), picture)
    assert not sees(a_journalist(), picture)


def test_a_picture_taken_out_of_a_text_is_still_in_the_history_for_those_who_see_it():
    picture = a_picture(by=a_managing_editor())
    article = a_story_of_dele(picture)
    article.save_content({**article.content(), "body": BODY}, by=dele(), now=BEGIN, lock_version=article.lock_version)
    assert sees(dele(), picture)


def test_a_picture_that_was_once_in_a_restricted_text_is_hidden_from_editors():
    picture = a_picture(by=dele())
    article = a_story_of_dele(picture, restricted=True)
    assert not sees(an_editor(), picture)
    article.refresh_from_db()
    article.save_content({**article.content(), "body": BODY}, by=dele(), now=BEGIN, lock_version=article.lock_version)
    assert not sees(an_editor(), picture)
    assert sees(a_managing_editor(), picture)
    article.named_editors.add(an_editor())
    assert sees(an_editor(), picture)


def test_a_picture_in_a_published_text_is_in_everybodys_archive_and_gets_its_renditions():
    picture, other = a_picture(by=dele()), a_picture(by=dele())
    article = published(body=BODY + a_figure(picture))
    assert [link.picture for link in article.live.pictures.all()] == [picture]
    assert [sees(a_journalist(), one) for one in (picture, other)] == [True, False]
    assert list(Picture.objects.awaiting_renditions(BEGIN + timedelta(days=1))) == [picture]


def test_publishing_asks_for_the_renditions_of_every_picture(django_capture_on_commit_callbacks):
    on_top, in_text = a_picture(), a_picture()
    with django_capture_on_commit_callbacks(execute=True):
        published(lead_picture=on_top.pk, lead_alt="a", lead_credit="b", body=BODY + a_figure(in_text))
    assert [bool(picture.renditions) for picture in Picture.objects.all()] == [True, True]


def test_a_version_to_come_shows_its_pictures_to_nobody_before_its_second():
    picture, at = a_picture(by=dele()), BEGIN + timedelta(days=2)
    live = published(body=BODY + a_figure(picture)).live
    bend(type(live).objects.filter(pk=live.pk), visible_from=at)
    assert not Picture.objects.published(BEGIN + timedelta(days=1)).exists()
    assert not Picture.objects.awaiting_renditions(at - timedelta(seconds=1)).exists()
    assert Picture.objects.awaiting_renditions(at).exists()


def test_the_list_of_a_versions_pictures_can_be_made_again_from_its_words():
    picture = a_picture()
    live = published(lead_picture=picture.pk, lead_alt="a", lead_credit="b", body=BODY + a_figure(picture)).live
    PublicationPicture.objects.all().delete()
    for _ in range(2):
        PublicationPicture.build(live)
    assert PublicationPicture.objects.get().picture == picture


def test_a_text_may_name_a_picture_that_was_never_there():
    missing = a_picture()
    figure = a_figure(missing)
    missing.delete()
    assert figure in published(body=BODY + figure).live.body
    assert not PublicationPicture.objects.exists()


def test_pictures_are_found_by_any_of_their_words():
    pier, boat = a_picture(title="The pier"), a_picture(title="A boat at the pier")
    assert set(Picture.objects.search("PIER")) == {pier, boat}
    assert list(Picture.objects.search("pier boat")) == [boat]
    Picture.objects.filter(pk=pier.pk).update(credit="Photo: Marit")
    assert list(Picture.objects.search("marit pier")) == [pier]


# --- Reading -------------------------------------------------------------------------------------------------------


def shown(picture):
    """`picture` with renditions, as if the worker had made them."""
    kinds = ((480, "webp", "webp"), (1200, "jpg", "jpeg"))
    made = [
        {"name": f"pictures/{picture.pk}-{width}.{end}", "width": width, "height": 320, "type": f"image/{kind}"}
        for width, end, kind in kinds
    ]
    Picture.objects.filter(pk=picture.pk).update(renditions=made)
    return picture


def page(client, article):
    return client.get(article.live.get_absolute_url()).content.decode()


PARAGRAPH = "<p>" + "word " * 60 + "</p>"


def test_a_picture_stands_in_the_text_with_all_its_sizes_and_words(client):
    picture = shown(a_picture())
    figure = a_figure(picture, alt="The <old> pier", caption="At low tide", credit="Photo: Ana")
    html = page(client, published(body=BODY + figure))
    assert f'srcset="/media/pictures/{picture.pk}-480.webp 480w"' in html
    assert f'src="/media/pictures/{picture.pk}-1200.jpg"' in html
    assert 'alt="The &lt;old&gt; pier"' in html
    assert 'width="1200"' in html
    assert 'loading="lazy"' in html
    assert '<span class="credit">Photo: Ana</span>' in html
    assert "data-picture" not in html


def test_a_picture_without_renditions_or_without_a_row_leaves_no_trace_in_the_text(client):
    waiting, gone = a_picture(), a_picture()
    figures = a_figure(waiting, caption="Waiting") + a_figure(gone, caption="Gone")
    gone.delete()
    html = page(client, published(body=BODY + figures))
    assert "figure" not in html
    assert "Waiting" not in html
    assert "Gone" not in html


@pytest.mark.parametrize("count", [1, 5])
def test_pictures_in_a_text_cost_one_query_however_many(client, django_assert_num_queries, count):
    article = published(body=BODY + "".join(a_figure(shown(a_picture())) for _ in range(count)))
    address, plain = article.live.get_absolute_url(), published(headline="Plain").live.get_absolute_url()
    client.get(plain)
    with CaptureQueriesContext(connection) as without:
        client.get(plain)
    with django_assert_num_queries(len(without) + 1):
        assert client.get(address).content.count(b"<picture>") == count


def test_the_sentence_that_leads_to_the_appeal_never_stands_next_to_a_picture(client):
    a_figure_after_each = [PARAGRAPH + a_figure(shown(a_picture())) for _ in range(6)]
    body = "".join([*a_figure_after_each, PARAGRAPH * 2, *a_figure_after_each])
    story = published(body=body).live
    html = readers.body(story, leading_to="appeal")
    before, after = html.split('<p class="leads-down"')
    assert before.endswith("</p>")
    assert after.partition("</p>")[2].startswith("<p>")


def test_a_feed_shows_pictures_of_texts_with_whole_addresses_in_one_query_for_all(client):
    pictures = [shown(a_picture()) for _ in range(3)]
    for number, picture in enumerate(pictures):
        published(headline=f"Story {number}", body=BODY + a_figure(picture, alt="The pier", credit="Photo: Ana"))
    with CaptureQueriesContext(connection) as asked:
        text = client.get("/feed/rss.xml").content.decode()
    for picture in pictures:
        assert f'src="http://127.0.0.1:8000/media/pictures/{picture.pk}-1200.jpg"' in unescape(text)
    assert "data-picture" not in text
    assert sum("articles_picture" in query["sql"].split("WHERE")[0].split("FROM")[1] for query in asked) <= 3


def test_the_preview_and_the_desk_show_private_pictures_and_say_where_alt_text_is_missing(client):
    picture = a_picture()
    article = a_draft(body=BODY + a_figure(picture, alt="", caption="At low tide"))
    client.force_login(an_editor())
    preview = client.get(reverse("admin:articles_article_preview", args=[article.pk])).content.decode()
    assert f'src="{reverse("admin:articles_picture_original", args=[picture.pk])}"' in preview
    assert "At low tide" in preview
    read = client.get(reverse("admin:articles_article_read", args=[article.pk])).content.decode()
    assert f'src="{reverse("admin:articles_picture_small", args=[picture.pk])}"' in read
    assert "Alt text: missing" in read


def test_a_changed_picture_is_shown_beside_its_words(client):
    old, new = a_picture(), a_picture(colour=(1, 2, 3))
    article = published(body=BODY + a_figure(old, caption="At low tide"))
    changed = {**article.content(), "body": BODY + a_figure(new, caption="At low tide")}
    later = BEGIN + timedelta(days=1)
    article.save_content(changed, by=a_journalist(), now=later, lock_version=article.lock_version)
    article.submit(by=a_journalist(), now=later)
    client.force_login(an_editor())
    read = client.get(reverse("admin:articles_article_read", args=[article.pk])).content.decode()
    places = [read.index(reverse("admin:articles_picture_small", args=[picture.pk])) for picture in (old, new)]
    assert places == sorted(places)
    assert str(old.pk) not in strip_tags(read)
