"""The checklist, waivers, legal check and preview links at the desk: what each person sees and may press."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, PreviewLink

from .factories import BEGIN, a_draft, a_figure, a_journalist, a_picture, an_editor, sign, submitted
from .forms import filled, words

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def address(article, name):
    return reverse(f"admin:articles_article_{name}", args=[article.pk])


@pytest.fixture
def ana(client):
    client.force_login(a_journalist())
    return a_journalist()


@pytest.fixture
def tomas(client):
    client.force_login(an_editor())
    return an_editor()


# --- The checklist beside the story --------------------------------------------------------------------------------------


def test_beside_the_form_stands_what_was_last_saved(client, ana):
    article = a_draft(standfirst="", body="<p>The TK councillors.</p>")
    page = words(client.get(address(article, "change")))
    assert "Standfirst: worth a look There is no standfirst." in page
    assert "TK: to do “TK” stands in paragraph 1: “The TK councillors.”." in page
    assert "An editor can let this pass." in page


def test_a_dead_link_is_named_beside_the_form(client, ana):
    page = words(client.get(address(a_draft(body='<p>See <a href="/cost/">here</a>.</p>'), "change")))
    assert "Links: worth a look No page of ours answers at “/cost/”." in page


def test_on_the_review_every_waiver_and_warning_stands_with_name_time_and_reason(client, tomas):
    article = a_draft(byline=[], standfirst="")
    article.waive("byline", by=tomas, now=LATER, reason="The author must stay unnamed.")
    article.submit(by=a_journalist(), now=LATER)
    page = words(client.get(address(article, "read")))
    assert "Byline: waived The byline is empty. Add at least one author." in page
    assert "Waived by Tomas: “The author must stay unnamed.” · October 1, 2026, 6:00 a.m. EDT" in page
    assert "Standfirst: worth a look" in page


def test_the_legal_check_stands_on_the_head_of_the_story_and_of_its_review(client, tomas):
    article = submitted()
    article.require_legal_check(by=tomas, now=LATER)
    article.record_legal_check(by=tomas, now=LATER, done_by="Dr. Weiss", revision=1)
    sentence = "Legal check: done. Revision 1 was checked by Dr. Weiss; recorded by Tomas on October 1, 2026."
    assert sentence in words(client.get(address(article, "read")))
    sign(article, at=LATER)
    article.reopen(by=tomas, now=LATER)
    assert sentence in words(client.get(address(article, "change")))


# --- The checklist of what is typed --------------------------------------------------------------------------------------


def typed(client, opened, where, **changes):
    return client.post(where, filled(opened, **changes))


def test_what_is_typed_is_looked_at_and_not_saved(client, ana):
    article = a_draft()
    opened = client.get(address(article, "change"))
    body = '<h3>Who pays</h3><p>The TK councillors, see <a href="/cost/">here</a>.</p>'
    response = typed(client, opened, address(article, "typed_checks"), body=body, headline="", standfirst="")
    said = words(response)
    for sentence in ("The headline is missing.", "“TK” stands in paragraph 1", "answers at “/cost/”", "“Who pays”"):
        assert sentence in said
    assert response.content.decode().count("check--passed") == 4  # section, byline, alt text and credit
    assert Article.objects.get(pk=article.pk).revisions.count() == 1


def test_the_waivers_of_the_story_count_for_what_is_typed(client, ana):
    picture = a_picture(by=ana)
    article = a_draft(body=a_figure(picture, credit=""))
    article.waive(f"credit:{picture.pk.hex}", by=an_editor(), now=LATER, reason="She must not be named.")
    opened = client.get(address(article, "change"))
    said = words(typed(client, opened, address(article, "typed_checks"), headline="Typed"))
    assert "Credit of picture 1: waived" in said
    assert "“She must not be named.”" in said


def test_a_story_that_was_never_saved_is_looked_at_too(client, ana):
    opened = client.get(reverse("admin:articles_article_add"), follow=True)
    where = reverse("admin:articles_article_typed_checks_new")
    assert f'data-checklist="{where}"' in opened.content.decode()
    assert "“TK” stands in the headline: “TK wins”" in words(typed(client, opened, where, headline="TK wins"))
    assert not Article.objects.exists()


def test_nothing_is_looked_at_for_a_reader_or_over_others_stories(client, ana):
    his = a_draft(by=a_journalist(username="dele"))
    assert client.post(address(his, "typed_checks")).status_code == 404
    assert client.get(address(a_draft(), "typed_checks")).status_code == 405


# --- Waivers and the legal check -----------------------------------------------------------------------------------------


def test_an_editor_waives_and_takes_back_on_a_page_of_the_story(client, tomas):
    article = a_draft(byline=[])
    page = client.post(address(article, "waive"), {"item": "byline", "reason": "For safety."}, follow=True)
    assert "Waived by Tomas" in words(page)
    assert (article.open_waivers().get().reason, page.redirect_chain[0][0]) == (
        "For safety.",
        address(article, "checks"),
    )
    page = client.post(address(article, "unwaive"), {"item": "byline"}, follow=True)
    assert "The waiver is taken back." in words(page)
    assert not article.open_waivers().exists()


def test_a_refused_waiver_says_why_and_keeps_what_was_typed(client, tomas):
    article = a_draft(byline=[])
    response = client.post(address(article, "waive"), {"item": "byline", "reason": "x" * 201})
    assert response.status_code == 409
    assert "That is 201 characters long; at most 200 fit." in words(response)
    assert f'value="{"x" * 201}"' in response.content.decode()


def test_a_waiver_that_nothing_needs_any_more_can_still_be_taken_back(client, tomas):
    article = a_draft(byline=[])
    article.waive("byline", by=tomas, now=LATER, reason="For safety.")
    named = a_draft().content() | {"headline": "Named after all"}
    article.save_content(named, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    assert "Waivers that nothing needs at present Byline. Waived by Tomas" in words(
        client.get(address(article, "checks"))
    )


def test_a_journalist_reads_the_checklist_and_records_nothing(client, ana):
    article = a_draft(byline=[])
    page = client.get(address(article, "checks")).content.decode()
    assert "An editor can let this pass." in page
    assert 'method="post"' not in page.partition("<main")[2].partition("</main>")[0]
    posts = {
        "waive": {"item": "byline", "reason": "Please."},
        "unwaive": {"item": "byline"},
        "require_legal": {},
        "record_legal": {"done_by": "Me", "revision": "1"},
        "drop_legal": {},
    }
    assert {client.post(address(article, name), post).status_code for name, post in posts.items()} == {409}
    assert (article.waivers.count(), Article.objects.get(pk=article.pk).legal) == (0, "not_needed")


def test_an_editor_records_the_legal_check_of_the_words_on_the_page(client, tomas):
    article = a_draft()
    client.post(address(article, "require_legal"), {"note": "Paragraph 4"})
    opened = client.get(address(article, "checks"))
    assert "Legal check: required Tomas asked for a legal check" in words(opened)
    changed = {**article.content(), "headline": "Meanwhile"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    client.post(address(article, "record_legal"), {"revision": "1", "done_by": "Dr. Weiss", "note": "fine"})
    article.refresh_from_db()
    assert (article.legal, article.legal_note, article.legal_revision.number) == ("done", "Dr. Weiss (“fine”)", 1)
    assert "The words have changed since." in words(client.get(address(article, "checks")))
    client.post(address(article, "drop_legal"))
    article.refresh_from_db()
    assert (article.legal, article.legal_revision) == ("not_needed", None)


def test_a_nul_in_what_is_recorded_is_left_out(client, tomas):
    article = a_draft(byline=[])
    client.post(address(article, "waive"), {"item": "byline\0", "reason": "For\0 safety."})
    assert article.open_waivers().get().reason == "For safety."
    client.post(address(article, "unwaive"), {"item": "byline\0"})
    assert not article.open_waivers().exists()
    client.post(address(article, "require_legal"), {"note": "Paragraph\0 4"})
    assert "“Paragraph 4”" in words(client.get(address(article, "checks")))
    client.post(address(article, "record_legal"), {"revision": "1\0", "done_by": "Dr.\0 Weiss", "note": "\0"})
    assert Article.objects.get().legal_note == "Dr. Weiss"


@pytest.mark.parametrize("number", ["", "x", "²", "9" * 30, "-1"])
def test_a_legal_check_of_no_revision_is_refused(client, tomas, number):
    response = client.post(address(a_draft(), "record_legal"), {"revision": number, "done_by": "Dr. Weiss"})
    assert response.status_code == 409


def test_the_history_says_what_was_waived_and_shared(client, tomas):
    article = a_draft(byline=[])
    article.waive("byline", by=tomas, now=LATER, reason="For safety.")
    article.share_preview(by=tomas, now=LATER, meant_for="the lawyer", revision=1)
    page = words(client.get(address(article, "read")))
    assert "Tomas waived a point of the checklist: byline" in page
    assert "Tomas made a preview link: for the lawyer (revision 1)" in page


# --- Preview links -------------------------------------------------------------------------------------------------------


def test_a_link_is_made_shown_to_copy_and_revoked(client, ana, settings):
    settings.SITE_URL = "https://news.example.org"
    article = a_draft()
    opened = client.get(address(article, "share"))
    assert "Links that lead somewhere" not in words(opened)
    post = {"meant_for": "the lawyer", "words": "1", "days": "7"}
    page = client.post(address(article, "share"), post, follow=True)
    link = article.preview_links.get()
    assert (link.revision.number, link.expires_at - link.at) == (1, timedelta(days=7))
    assert f'value="https://news.example.org{link.get_absolute_url()}"' in page.content.decode()
    page = client.post(address(article, "revoke_preview"), {"link": str(link.pk)}, follow=True)
    assert "Revoked. The link for the lawyer leads nowhere from now on." in words(page)
    assert "revoked by Ana" in words(page)
    assert link.token not in page.content.decode()


def test_the_form_proposes_the_latest_words_for_three_days(client, ana):
    page = client.get(address(a_draft(), "share")).content.decode()
    checked = [part.partition(">")[0] for part in page.split("<input ")[1:] if " checked" in part.partition(">")[0]]
    assert [part.split('value="')[1].split('"')[0] for part in checked] == ["latest", "3"]


@pytest.mark.parametrize(
    "wrong",
    [{"meant_for": ""}, {"words": "2"}, {"words": "x"}, {"days": "400"}, {"days": ""}, {"meant_for": "x" * 121}],
)
def test_a_wrong_form_makes_no_link_and_says_so(client, ana, wrong):
    article = a_draft()
    post = {"meant_for": "the lawyer", "words": "latest", "days": "3", **wrong}
    assert client.post(address(article, "share"), post).status_code in {409, 422}
    assert not PreviewLink.objects.exists()


def test_a_revision_that_was_the_latest_when_the_form_was_opened_can_still_be_chosen(client, ana):
    article = a_draft()
    changed = {**article.content(), "headline": "Meanwhile"}
    article.save_content(changed, by=ana, now=LATER, lock_version=article.lock_version)
    client.post(address(article, "share"), {"meant_for": "the lawyer", "words": "1", "days": "1"})
    assert article.preview_links.get().revision.number == 1


def test_nobody_shares_or_revokes_what_they_do_not_see(client, ana):
    his = a_draft(by=a_journalist(username="dele"))
    link = his.share_preview(by=an_editor(), now=timezone.now(), meant_for="the lawyer")
    post = {"meant_for": "me", "words": "latest", "days": "3"}
    assert client.post(address(his, "share"), post).status_code == 404
    assert client.post(address(his, "revoke_preview"), {"link": str(link.pk)}).status_code == 404
    mine = a_draft()
    assert client.post(address(mine, "revoke_preview"), {"link": str(link.pk)}).status_code == 404
    assert client.post(address(mine, "revoke_preview"), {"link": "x"}).status_code == 404
    assert PreviewLink.objects.filter(revoked_at=None).count() == 1


def test_a_journalist_is_offered_no_button_for_an_editors_link_and_it_does_nothing(client, ana):
    article = a_draft()
    link = article.share_preview(by=an_editor(), now=timezone.now(), meant_for="the lawyer")
    assert address(article, "revoke_preview") not in client.get(address(article, "share")).content.decode()
    page = client.post(address(article, "revoke_preview"), {"link": str(link.pk)}, follow=True)
    assert "revoked by whoever made it, or by an editor" in words(page)
    assert PreviewLink.objects.get().revoked_at is None
