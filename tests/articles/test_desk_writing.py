"""Writing at the desk, through its form: what is typed is saved by the verb, and never lost."""

import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.models import Article, Picture, Publication
from articles.workflow import Status

from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_journalist,
    a_person,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    approved,
    content,
    picture_file,
    published,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
ADD = "/admin/articles/article/add/"


def change(article):
    return reverse("admin:articles_article_change", args=[article.pk])


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


def save(client, article, **typed):
    """Open the form of `article` and send it back with `typed` in it."""
    return client.post(change(article), filled(client.get(change(article)), **typed))


def test_a_new_story_is_stored_with_its_first_save(client, ana):
    an_author(user=ana)
    page = client.get(ADD, follow=True)
    assert not Article.objects.exists()
    response = client.post(
        page.wsgi_request.get_full_path(),
        filled(page, headline="Pier closes", body=BODY, section=a_section().pk, _save="1"),
    )
    article = Article.objects.get()
    assert response.headers["Location"] == change(article)
    assert (article.headline, article.section, article.creator) == ("Pier closes", a_section(), ana)
    assert [line.author.user for line in article.bylines.all()] == [ana]
    assert [revision.number for revision in article.revisions.all()] == [1]


def test_a_new_story_sent_twice_is_one_story(client, ana):
    page = client.get(ADD, follow=True)
    form = page.wsgi_request.get_full_path()
    typed = filled(page, headline="Pier closes", section=a_section().pk)
    answers = [client.post(form, typed | {"_save": "1"}) for _ in range(2)]
    article = Article.objects.get()
    assert [answer.headers["Location"] for answer in answers] == [change(article)] * 2
    assert article.revisions.count() == 1


def test_coming_back_to_the_form_of_a_new_story_leads_to_the_story(client, ana):
    page = client.get(ADD, follow=True)
    form = page.wsgi_request.get_full_path()
    client.post(form, filled(page, headline="Pier closes", _save="1"))
    assert client.get(form).headers["Location"] == change(Article.objects.get())


def test_the_form_of_a_new_story_sent_again_with_other_words_shows_both(client, ana):
    page = client.get(ADD, follow=True)
    form = page.wsgi_request.get_full_path()
    client.post(form, filled(page, headline="Pier closes", _save="1"))
    again = client.post(form, filled(page, headline="Pier reopens", _save="1"))
    assert (again.status_code, Article.objects.get().headline) == (409, "Pier closes")
    assert "Pier closes" in words(again)
    assert "Pier reopens" in words(again)


def test_the_form_of_somebody_elses_story_does_not_exist(client, ana):
    form = client.get(ADD, follow=True).wsgi_request.get_full_path()
    client.post(form, filled(client.get(form), headline="Pier closes", _save="1"))
    client.force_login(an_editor())
    assert client.get(form).status_code == client.post(form, {"headline": "Mine"}).status_code == 404


def test_submitting_twice_with_one_double_click_submits_once_and_complains_of_nothing(client, ana):
    article = a_draft(by=ana)
    typed = filled(client.get(change(article)), headline="Pier closes for good", _submit="1")
    answers = [client.post(change(article), typed, follow=True) for _ in range(2)]
    article.refresh_from_db()
    assert (article.status, article.reviews.count()) == (Status.IN_REVIEW, 1)
    assert "not submitted" not in words(answers[1])


def test_a_story_that_is_opened_and_saved_unchanged_has_no_new_revision(client, ana):
    picture = a_picture()
    article = a_draft(
        kicker="Coast",
        topics=[a_topic().pk],
        byline=[{"author": an_author().pk, "role": ""}, {"author": an_author(name="Dele").pk, "role": "graphics by"}],
        lead_picture=picture.pk,
        lead_alt="A pier",
        lead_credit="Photo: Ana",
        lead_focal="20,80",
        share_title="Shared",
        language="ar",
        sensitivity="sensitive",
        slug="chosen-by-hand",
    )
    save(client, article, _save="1")
    assert article.revisions.count() == 1


def test_saving_writes_a_revision_and_an_event(client, ana):
    article = a_draft()
    save(client, article, headline="A better headline")
    article.refresh_from_db()
    assert article.headline == "A better headline"
    assert article.latest_revision.by == ana
    assert [event.verb for event in article.events.all()] == ["start", "save", "save"]


def test_what_is_posted_is_sanitised(client, ana):
    article = a_draft()
    body = (
        '<p onclick="x()">Words <script>alert(1)</script><a href="javascript:alert(1)">link</a></p><img src="/x.png">'
    )
    save(client, article, body=body)
    assert Article.objects.get().body == "<p>Words <a>link</a></p>"


@pytest.mark.parametrize("name", ["status", "creator", "assignee", "restricted", "embargo", "appeal_off", "saved_at"])
def test_what_is_not_content_cannot_be_posted(client, ana, name):
    article = a_draft()
    before = Article.objects.values(name).get()
    stamp = {"saved_at": "2020-01-01", "embargo": "2020-01-01", "creator": an_editor().pk, "assignee": an_editor().pk}
    save(client, article, headline="Changed", **{name: stamp.get(name, "published")})
    after = Article.objects.values("headline", name).get()
    assert after["headline"] == "Changed"
    if name == "saved_at":  # moved by the save itself, and not to what was posted
        assert after[name].year > 2020
    else:
        assert after[name] == before[name]
    assert not Publication.objects.exists()


def test_an_address_follows_the_headline_until_somebody_chooses_it(client, ana):
    article = a_draft(headline="Pier closes")
    save(client, article, headline="Pier reopens")
    assert Article.objects.get().slug == "pier-reopens"
    save(client, article, slug="the-pier")
    save(client, article, headline="Pier closes again")
    assert Article.objects.get().slug == "the-pier"


def test_a_public_address_does_not_follow_the_headline(client, ana):
    article = published(headline="Pier closes")
    save(client, article, headline="Pier reopens")
    assert Article.objects.get().slug == "pier-closes"


def test_too_long_a_headline_is_refused_and_stays_in_the_form(client, ana):
    article = a_draft()
    response = save(client, article, headline="x" * 251, standfirst="Also typed")
    assert response.status_code == 422
    assert "at most 250 characters" in response.content.decode()
    assert (filled(response)["headline"], filled(response)["standfirst"]) == (["x" * 251], ["Also typed"])
    assert Article.objects.get().revisions.count() == 1


@pytest.mark.parametrize(("name", "longest"), [("kicker", 60), ("standfirst", 500), ("byline-0-role", 60)])
def test_words_are_measured_as_they_are_stored(client, ana, name, longest):
    article, letter = a_draft(), "\u0958"  # of Hindi; stored as two signs
    refused = save(client, article, **{name: letter * longest})
    assert refused.status_code == 422
    assert f"at most {longest} characters (it has {2 * longest})" in words(refused)
    assert filled(refused)[name] == [letter * longest]
    assert save(client, article, **{name: letter * (longest // 2)}).status_code == 302


def test_no_browser_cuts_what_is_pasted_into_the_fields_of_a_story(client, ana):
    page = client.get(change(a_draft())).content.decode()
    controls = re.findall(
        r'<(?:input|textarea)[^>]*?\sname="(?:kicker|headline|standfirst|lead_(?:alt|caption|credit)|share_\w+|slug)".*?>',
        page,
    )
    assert [control for control in controls if "maxlength" in control] == []
    assert len(controls) == 9


def test_a_text_beyond_all_measure_is_refused_in_words_and_stays_in_the_form(client, ana):
    article = a_draft()
    body = "<p>" + "word " * 700_000 + "</p>"  # more than Django takes by itself
    response = save(client, article, body=body)
    assert response.status_code == 422
    assert "The text is 3500007 characters long, with its markup; at most 1000000 fit" in words(response)
    assert filled(response)["body"] == [body]
    assert Article.objects.get().revisions.count() == 1


# --- The byline -----------------------------------------------------------------------------------------------------


def byline(article):
    return [(line.author.name, line.role) for line in article.bylines.order_by("position")]


def test_lines_of_the_byline_are_added_ordered_and_removed_without_a_script(client, ana):
    dele, marit = an_author(name="Dele Okonkwo"), an_author(name="Marit Halvorsen")
    article = a_draft()
    save(
        client,
        article,
        **{
            "byline-0-ORDER": "3",
            "byline-1-author": dele.pk,
            "byline-1-ORDER": "1",
            "byline-2-author": marit.pk,
            "byline-2-role": "photographs by",
            "byline-2-ORDER": "2",
        },
    )
    assert byline(article) == [("Dele Okonkwo", ""), ("Marit Halvorsen", "photographs by"), ("Ana Reyes", "")]
    save(client, article, **{"byline-0-DELETE": "on"})
    assert byline(article) == [("Marit Halvorsen", "photographs by"), ("Ana Reyes", "")]


def test_the_same_person_twice_in_one_role_is_refused_in_words(client, ana):
    article = a_draft()
    response = save(client, article, **{"byline-1-author": an_author().pk})
    assert response.status_code == 422
    assert "names somebody twice" in response.content.decode()


def test_a_role_without_a_person_is_refused_in_words(client, ana):
    response = save(client, a_draft(), **{"byline-1-role": "photographs by"})
    assert (response.status_code, "Choose who this is" in response.content.decode()) == (422, True)


def test_whoever_takes_themselves_out_of_the_byline_lands_on_their_desk_and_is_told_why(client, ana):
    author = an_author(user=ana)
    article = a_draft(by=a_journalist(username="dele"), author=author)
    response = save(client, article, **{"byline-0-author": "", "_preview": "1"})
    assert Article.objects.get().content()["byline"] == []
    assert response.headers["Location"] == "/admin/"
    page = words(client.get("/admin/"))
    assert "Saved as revision 2." in page
    assert "no longer among this story's people" in page


# --- Pictures -------------------------------------------------------------------------------------------------------


def test_an_uploaded_picture_is_kept_privately_and_chosen(client, ana):
    article = a_draft()
    save(client, article, new_picture=picture_file(), lead_alt="The pier", lead_credit="Photo: Ana Reyes")
    picture = Picture.objects.get()
    assert Article.objects.get().lead_picture == picture
    assert (picture.alt, picture.credit, picture.uploaded_by) == ("The pier", "Photo: Ana Reyes", ana)


def test_a_file_that_is_no_picture_is_refused_and_nothing_typed_is_lost(client, ana):
    article = a_draft()
    response = save(client, article, headline="Typed", new_picture=SimpleUploadedFile("x.jpg", b"no picture"))
    assert response.status_code == 422
    assert "not a picture" in response.content.decode()
    assert filled(response)["headline"] == ["Typed"]
    assert not Picture.objects.exists()


def test_a_nul_in_the_words_of_a_new_picture_is_left_out_and_nothing_typed_is_lost(client, ana):
    typed = {"headline": "\0", "kicker": "Typed", "lead_alt": "The\0 pier", "new_picture": picture_file()}
    response = save(client, a_draft(), **typed)
    assert (response.status_code, filled(response)["kicker"]) == (422, ["Typed"])
    assert Picture.objects.values_list("title", "alt").get() == ("Picture without a title", "The pier")


def test_a_picture_stays_chosen_when_the_rest_of_the_form_is_refused(client, ana):
    response = save(client, a_draft(), headline="x" * 300, new_picture=picture_file())
    assert response.status_code == 422
    assert filled(response)["lead_picture"] == [str(Picture.objects.get().pk)]


def test_another_picture_brings_its_own_words_and_not_those_of_the_one_before(client, ana):
    old, new = a_picture(title="Old"), a_picture(title="New")
    Picture.objects.filter(pk=new.pk).update(alt="The new pier", credit="Photo: Dele")
    article = a_draft(lead_picture=old.pk, lead_alt="The old pier", lead_credit="Photo: Ana", lead_focal="10,10")
    save(client, article, lead_picture=new.pk)
    article = Article.objects.get()
    assert (article.lead_alt, article.lead_credit, article.lead_focal) == ("The new pier", "Photo: Dele", "")


def test_a_picture_that_one_may_not_see_cannot_be_chosen(client, ana):
    hidden = a_picture(by=a_journalist(username="dele"))
    response = save(client, a_draft(), lead_picture=hidden.pk)
    assert response.status_code == 422
    assert Article.objects.get().lead_picture is None


def test_a_picture_may_be_chosen_by_its_key_even_if_it_is_no_key(client, ana):
    assert save(client, a_draft(), lead_picture="no key").status_code == 422


# --- Two people -----------------------------------------------------------------------------------------------------


def test_a_stale_form_keeps_what_was_typed_and_shows_what_is_stored(client, ana):
    article = a_draft(headline="First")
    opened = client.get(change(article))
    article.save_content(content(headline="His words"), by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    response = client.post(change(article), filled(opened, headline="Her words"))
    page = response.content.decode()
    assert response.status_code == 409
    assert Article.objects.get().headline == "His words"
    assert filled(response)["headline"] == ["Her words"]
    assert "Tomas saved it after you opened it" in page
    assert "You typed Her words Stored now His words" in words(response)
    assert "<del>Her</del><ins>His</ins> words" in page


def test_after_having_seen_both_one_may_go_on(client, ana):
    article = a_draft(headline="First")
    opened = client.get(change(article))
    article.save_content(content(headline="His words"), by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    refused = client.post(change(article), filled(opened, headline="Her words"))
    assert client.post(change(article), filled(refused)).status_code == 302
    assert Article.objects.get().headline == "Her words"


def test_a_field_that_only_the_other_changed_is_taken_from_there(client, ana):
    article = a_draft(headline="First", standfirst="First")
    opened = client.get(change(article))
    theirs = content(headline="His headline", standfirst="First")
    article.save_content(theirs, by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    refused = client.post(change(article), filled(opened, standfirst="Her standfirst"))
    assert filled(refused)["take"] == ["headline"]
    client.post(change(article), filled(refused))
    article = Article.objects.get()
    assert (article.headline, article.standfirst) == ("His headline", "Her standfirst")


def test_the_choice_survives_another_mistake_in_the_form(client, ana):
    article = a_draft(headline="First", standfirst="First")
    opened = client.get(change(article))
    theirs = content(headline="His headline", standfirst="First")
    article.save_content(theirs, by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    refused = client.post(change(article), filled(opened, standfirst="Her standfirst"))
    again = client.post(change(article), filled(refused, kicker="x" * 99))
    assert again.status_code == 422
    client.post(change(article), filled(again, kicker=""))
    assert Article.objects.get().headline == "His headline"


def test_a_second_change_in_between_is_refused_again(client, ana):
    article = a_draft(headline="First")
    opened = client.get(change(article))
    for theirs in ("Second", "Third"):
        article.save_content(content(headline=theirs), by=an_editor(), now=BEGIN, lock_version=article.lock_version)
        opened = client.post(change(article), filled(opened, headline="Hers"))
        assert (opened.status_code, Article.objects.get().headline) == (409, theirs)


def test_a_body_that_changed_in_both_places_is_shown_by_paragraph(client, ana):
    article = a_draft(body="<p>The pier closes on Monday.</p>")
    opened = client.get(change(article))
    his = content(body="<p>The pier closes on Tuesday.</p>")
    article.save_content(his, by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    response = client.post(change(article), filled(opened, body="<p>The pier closes on Friday.</p>"))
    assert "<del>Friday</del><ins>Tuesday</ins>" in response.content.decode()
    assert filled(response)["body"] == ["<p>The pier closes on Friday.</p>"]


def test_what_was_typed_over_a_story_under_review_is_kept_and_not_saved(client, ana):
    article = a_draft()
    opened = client.get(change(article))
    article.submit(by=ana, now=BEGIN)
    response = client.post(change(article), filled(opened, headline="Typed"))  # where it stands is said at once
    assert response.status_code == 409
    assert "this one is in review" in response.content.decode()
    assert "eload" not in words(response)  # that would lose what was typed
    assert filled(response)["headline"] == ["Typed"]
    assert Article.objects.get().headline == "Pier closes for repairs"


# --- Save and submit -------------------------------------------------------------------------------------------------


def test_save_and_submit_does_both(client, ana):
    article = a_draft()
    response = save(client, article, headline="Ready", _submit="1")
    article.refresh_from_db()
    assert (response.status_code, article.status) == (302, Status.IN_REVIEW)
    assert article.latest_review.revision.content["headline"] == "Ready"


def test_an_older_form_neither_saves_nor_submits(client, ana):
    article = a_draft()
    opened = client.get(change(article))
    article.save_content(content(headline="His words"), by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    response = client.post(change(article), filled(opened, headline="Her words", _submit="1"))
    article.refresh_from_db()
    assert (response.status_code, article.status, article.headline) == (409, Status.DRAFT, "His words")


def test_when_the_checklist_refuses_the_save_stays_and_the_reasons_are_said(client, ana):
    article = a_draft()
    response = client.post(
        change(article), filled(client.get(change(article)), headline="", section="", _submit="1"), follow=True
    )
    page = response.content.decode()
    article.refresh_from_db()
    assert (article.status, article.headline, article.revisions.count()) == (Status.DRAFT, "", 2)
    assert "Saved as revision 2. It was not submitted" in page
    assert "The headline is missing." in page
    assert "No section is chosen." in page


def test_the_checklist_stands_beside_the_form(client, ana):
    page = client.get(change(a_draft(headline="", byline=[]))).content.decode()
    assert page.count("<span data-state>to do</span>") == 2
    assert page.count("<span data-state>done</span>") == 7


@pytest.mark.parametrize("make", [submitted, approved])
def test_a_story_that_stands_still_is_shown_as_a_page_with_the_reason(client, ana, make):
    article = make()
    page = client.get(change(article)).content.decode()
    assert 'id="story"' not in page
    assert "story-closed" in page
    assert "The pier will close for repairs on Monday." in page


def test_the_form_carries_the_nonce_that_the_editor_needs(client, ana):
    response = client.get(change(a_draft()))
    policy, page = response.headers["Content-Security-Policy"], response.content.decode()
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert nonce
    assert f'<script type="importmap" nonce="{nonce}">' in page
    assert "style-src-attr 'unsafe-inline'" in policy


def test_readers_pages_keep_the_strict_policy(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "nonce-" not in policy


def test_a_huge_upload_is_refused_by_its_size(client, ana, monkeypatch):
    from articles import originals

    monkeypatch.setattr(originals, "MOST_BYTES", 1024)
    noise = SimpleUploadedFile("x.jpg", io.BytesIO(b"\xff" * 4096).read())
    assert "at most" in save(client, a_draft(), new_picture=noise).content.decode()


def test_nothing_is_kept_of_an_upload_to_a_story_that_one_may_not_save(client, ana):
    article = submitted()
    form = client.get(change(a_draft()))
    response = client.post(change(article), filled(form, headline="Other", new_picture=picture_file()))
    assert response.status_code == 409
    assert not Picture.objects.exists()


def test_an_account_that_may_not_add_pictures_adds_none_with_a_story(client):
    person = a_person(username="stringer")
    may = Permission.objects.filter(codename__in=["view_article", "save_article", "see_every_article"])
    person.user_permissions.set(may)
    client.force_login(person)
    response = save(client, a_draft(), headline="Typed", new_picture=picture_file())
    assert response.status_code == 422
    assert "Your account may not add pictures." in words(response)
    assert not Picture.objects.exists()
