"""Blanking: words go for good by two people; their hash, who wrote and signed them, and when, stay (R22)."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.urls import reverse

from articles import content as contents
from articles.models import Article, Autosave, Picture, Publication, ReadingAid
from articles.workflow import PublicState, Status
from donations.models import Gift
from tests.donations.factories import make_campaign, make_gift

from .factories import (
    BEGIN,
    FIRST_SEEN,
    LATER,
    NEXT_WEEK,
    NOTICE,
    SECOND,
    TOMORROW,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_author,
    an_editor,
    approved,
    approved_again,
    content,
    published,
    republish,
    rewritten,
    scheduled,
    submitted,
)
from .forms import filled
from .tables import every_row, refused

pytestmark = pytest.mark.django_db


def blank(article, *revisions, now=TOMORROW, code=410):
    article.propose_blank(by=a_managing_editor(), now=now, revisions=revisions, reason="A source asked", code=code)
    article.confirm_blank(by=an_editor(), now=now + SECOND)
    return article


def test_blanking_an_old_revision_leaves_the_story_as_it_is():
    article = rewritten(a_draft(headline="Source is Ada"), headline="Source is known", at=LATER)
    article.note(by=an_editor(), now=LATER, text="Is it Ada?", quote="Ada")
    Autosave.objects.create(article=article, by=an_editor(), content={"headline": "Ada"}, lock_version=1, at=LATER)
    opened, hashes = article.lock_version, list(article.revisions.values_list("number", "sha256", "by", "at"))
    blank(article, 1)
    assert list(article.revisions.values_list("number", "sha256", "by", "at")) == hashes
    assert [revision.is_blanked for revision in article.revisions.order_by("number")] == [True, False]
    assert (article.headline, article.status, article.lock_version) == ("Source is known", Status.DRAFT, opened)
    assert list(article.notes.values_list("text", "quote")) == [("", "")]
    assert not article.autosaves.exists()


def test_a_blanking_is_an_event_and_says_who_and_why():
    article = blank(rewritten(a_draft(), headline="Other", at=LATER), 1, code=451)
    proposed, done = article.events.order_by("number").reverse()[:2][::-1]
    assert proposed.verb == "propose_blank"
    assert proposed.data.items() >= {"revisions": [1], "code": 451, "reason": "A source asked"}.items()
    assert (done.verb, done.actor, done.data["revisions"]) == ("confirm_blank", an_editor(), [1])


def test_blanking_the_live_version_takes_it_from_readers():
    article = blank(published(headline="Source is Ada", slug="ada"), 1, code=451)
    version = article.publications.get()
    assert (version.headline, version.body, version.slug, version.public_note) == ("", "", "", "")
    assert (version.blanked_code, version.blanked_at) == (451, TOMORROW + SECOND)
    assert (version.submitted_by, version.approved_by) == (a_journalist(), an_editor())
    assert len(version.sha256) == 64
    assert article.public_state(NEXT_WEEK) == PublicState.DOWN
    down = article.takedowns.get()
    assert (down.code, down.reason) == (451, "Words of this version were blanked.")
    assert (article.status, article.headline, article.body) == (Status.DRAFT, "", "")
    assert not ReadingAid.objects.filter(publication__article=article).exists()


def test_blanking_an_earlier_version_leaves_the_present_one():
    article = published(headline="Source is Ada")
    republish(article, at=LATER, headline="Source is known")
    blank(article, 1)
    assert list(article.publications.values_list("version", "headline")) == [(1, ""), (2, "Source is known")]
    assert (article.status, article.public_state(TOMORROW)) == (Status.PUBLISHED, PublicState.UP)


def test_blanking_everything_leaves_people_hashes_and_times():
    article = published(headline="Source is Ada", body="<p>Ada told us.</p>")
    republish(article, at=LATER, kind="correction", public_note="Ada, not Eve.", headline="It was Ada")
    rewritten(article, headline="Ada again", at=LATER)
    before = list(article.revisions.values_list("number", "sha256", "by", "at"))
    signed = list(article.publications.values_list("sha256", "submitted_by", "approved_by", "first_published"))
    blank(article, 1, 2, 3)
    assert list(article.revisions.values_list("number", "sha256", "by", "at")) == before
    found = list(article.publications.values_list("sha256", "submitted_by", "approved_by", "first_published"))
    assert found == signed
    assert "Ada" not in str(list(article.revisions.values())) + str(list(article.publications.values()))
    assert "Ada" not in str(list(article.events.values())) + str(list(article.reviews.values()))
    assert "Ada" not in str(Article.objects.filter(pk=article.pk).values())


def test_blanking_takes_what_was_said_beside_the_story():
    picture = a_picture(title="Source is Ada")
    Picture.objects.filter(pk=picture.pk).update(alt="Ada at the pier", credit="Photo: Marit")
    byline = [{"author": an_author().pk, "role": "as told by Ada"}]
    article = a_draft(headline="Source is Ada", lead_picture=picture.pk, lead_alt="", lead_credit="", byline=byline)
    article.waive(f"credit:{picture.pk.hex}", by=an_editor(), now=FIRST_SEEN, reason="Ada wants none")
    article.require_legal_check(by=an_editor(), now=FIRST_SEEN, note="Is Ada safe?")
    article.switch_appeal(by=an_editor(), now=FIRST_SEEN, on=False, reason="Ada asked")
    link = article.share_preview(by=an_editor(), now=FIRST_SEEN, meant_for="Ada")
    article.revoke_preview(link, by=an_editor(), now=FIRST_SEEN)
    blank(article, 1)
    assert "Ada" not in str(every_row())
    picture.refresh_from_db()
    assert (picture.title, picture.alt, picture.credit) == ("(blanked with the words)", "", "Photo: Marit")
    assert [line.author.name for line in article.bylines.all()] == [an_author().name]


def test_blanking_takes_every_reason_and_comment_of_the_storys_whole_history(client):
    """R22: a name typed anywhere into a story's history by staff goes, whichever revision it is about."""
    picture = a_picture(title="The pier")
    story = a_draft(headline="First words", lead_picture=picture.pk, lead_alt="a", lead_credit="b")
    story.set_embargo(by=an_editor(), now=BEGIN, until=LATER)
    story.set_embargo(by=an_editor(), now=BEGIN, until=None, reason="Ada agrees")
    story.submit(by=a_journalist(), now=BEGIN)
    story.request_changes(by=an_editor(), now=BEGIN, comment="Ada must not be named.")
    rewritten(story, headline="Other words", at=LATER).publish_unreviewed(
        by=a_managing_editor(), now=LATER, reason="Everybody is in danger right now"
    )
    story.object_to_emergency(by=an_editor(), now=LATER, comment="Ada is in danger.")
    story.take_down(by=a_managing_editor(), now=LATER, reason="Ada asked")
    approved_again(story, at=LATER, headline="Better words")
    story.reinstate(by=a_managing_editor(), now=LATER + SECOND, reason="Ada agrees again")
    picture.withdraw(by=an_editor(), now=LATER, reason="Ada is in it")
    story.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason="Ada asked us to")
    story.drop_blank(by=a_managing_editor(), now=LATER)
    blank(story, 1)
    assert "Ada" not in str(every_row())
    assert story.live_at(NEXT_WEEK).headline == "Better words"
    assert story.takedowns.get().reason == story.blankings.order_by("pk")[0].reason == "(blanked with the words)"
    assert story.blankings.order_by("pk")[1].reason == "A source asked"
    call_command("verify_history")
    client.force_login(a_managing_editor())
    read = client.get(reverse("admin:articles_article_read", args=[story.pk]))
    assert (read.status_code, "Ada" in read.content.decode()) == (200, False)


def test_a_later_blanking_takes_the_reason_of_an_earlier_one():
    article = rewritten(a_draft(), headline="Other", at=LATER)
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason="Source is Ada")
    article.confirm_blank(by=an_editor(), now=LATER)
    assert "Ada" in str(every_row())
    blank(article, 2)
    assert "Ada" not in str(every_row())
    call_command("verify_history")


def test_blanking_takes_a_pictures_title_from_the_desks_log(client):
    picture = a_picture(title="Source is Ada")
    article = a_draft(lead_picture=picture.pk)
    client.force_login(an_editor())
    page = reverse("admin:articles_picture_change", args=[picture.pk])
    client.post(page, {"title": "Still Ada", "alt": "", "credit": ""})
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["Still Ada"]
    blank(article, 1)
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["(blanked with the words)"]


def test_a_form_of_a_picture_opened_before_the_blanking_brings_no_words_back(client):
    picture = a_picture(title="Source is Ada")
    Picture.objects.update(alt="Ada at the pier")
    article = a_draft(lead_picture=picture.pk)
    client.force_login(an_editor())
    page = reverse("admin:articles_picture_change", args=[picture.pk])
    opened = filled(client.get(page), "picture_form", credit="Photo: Marit")
    blank(article, 1)
    client.post(page, opened)
    assert list(Picture.objects.values_list("title", "alt", "credit")) == [
        ("(blanked with the words)", "", "Photo: Marit")
    ]
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["(blanked with the words)"]


def test_a_gift_keeps_no_headline_that_was_blanked():
    article, other = published(headline="Source is Ada"), published(headline="Source is Ada")
    republish(article, at=LATER, headline="Source is known")
    campaign = make_campaign()
    for story, title in ((article, "Source is Ada"), (article, "Source is known"), (other, "Source is Ada")):
        make_gift(campaign=campaign, article_id=story.pk, article_title=title)
    blank(article, 1)
    assert list(Gift.objects.order_by("article_id", "article_title").values_list("article_id", "article_title")) == [
        (article.pk, "(blanked with the words)"),
        (article.pk, "Source is known"),
        (other.pk, "Source is Ada"),
    ]


def test_blanking_takes_the_roles_and_the_reason_of_a_public_version():
    article = a_draft(headline="Source is Ada", byline=[{"author": an_author().pk, "role": "as told by Ada"}])
    article.publish_unreviewed(by=a_managing_editor(), now=LATER, reason="Ada is in danger right now")
    blank(article, 1)
    assert "Ada" not in str(every_row())
    assert article.publications.get().emergency_reason == "(blanked with the words)"


def test_a_picture_of_another_story_keeps_its_words_when_one_is_blanked():
    picture = a_picture(title="The pier")
    article = a_draft(lead_picture=picture.pk)
    a_draft(lead_picture=picture.pk)
    blank(article, 1)
    picture.refresh_from_db()
    assert picture.title == "The pier"


def test_blanking_what_is_under_review_closes_the_review():
    article = submitted(headline="Source is Ada")
    blank(article, 1)
    assert (article.status, article.latest_review.outcome) == (Status.DRAFT, "superseded")
    with refused("save the story first"):
        article.submit(by=a_journalist(), now=NEXT_WEEK)


def test_blanking_takes_comments_along_with_the_words():
    article = submitted()
    article.request_changes(by=an_editor(), now=LATER, comment="Ada must not be named.")
    blank(article, 1)
    assert article.latest_review.comment == ""
    assert article.events.get(verb="request_changes").data.keys() == {"blanked", "seal"}


def test_blanking_what_is_scheduled_takes_it_off_the_schedule():
    article = blank(scheduled(at=NEXT_WEEK, headline="Source is Ada"), 1)
    assert (article.status, article.public_state(NEXT_WEEK)) == (Status.DRAFT, PublicState.NEVER)
    assert article.fire(now=NEXT_WEEK) is False
    assert not Publication.objects.visible(NEXT_WEEK).exists()


def test_blanking_the_live_version_stops_the_next_one():
    """Nothing follows by itself what was taken from readers: the only way back is to reinstate."""
    article = approved_again(published(headline="Source is Ada"), headline="Source is known", at=LATER)
    article.schedule(by=an_editor(), now=LATER, at=NEXT_WEEK)
    blank(article, 1)
    assert (article.status, article.headline) == (Status.APPROVED, "Source is known")
    assert article.fire(now=NEXT_WEEK) is False
    assert article.public_state(NEXT_WEEK) == PublicState.DOWN


def test_blanking_the_live_version_closes_the_proposal_to_retract():
    article = published()
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    republish(article, at=LATER, headline="Source is Ada")
    blank(article, 2)
    assert article.reviews.get(subject="retraction").outcome == "superseded"


def test_the_same_words_go_wherever_they_were_saved():
    article = published(headline="Source is Ada")
    rewritten(article, headline="Half a thought", at=LATER)
    article.discard(by=a_journalist(), now=LATER)
    blank(article, 1)
    assert [revision.is_blanked for revision in article.revisions.order_by("number")] == [True, False, True]


def test_words_brought_back_after_the_proposal_go_too():
    article = rewritten(published(headline="Source is Ada"), headline="Half a thought", at=LATER)
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason="A source asked")
    article.discard(by=a_journalist(), now=LATER)
    article.confirm_blank(by=an_editor(), now=TOMORROW)
    assert "Ada" not in str(list(article.revisions.values())) + str(Article.objects.filter(pk=article.pk).values())
    assert article.status == Status.DRAFT
    assert article.events.last().data["revisions"] == [1, 3]


def test_a_spiked_story_stays_spiked_when_it_is_blanked():
    article = a_draft(headline="Source is Ada")
    article.spike(by=a_journalist(), now=LATER)
    blank(article, 1)
    assert (article.status, article.headline) == (Status.SPIKED, "")


def test_a_blanking_is_proposed_by_a_managing_editor_and_confirmed_by_another_editor():
    article, ruth = a_draft(), a_managing_editor()
    with refused("is for managing editors"):
        article.propose_blank(by=an_editor(), now=LATER, revisions=[1], reason="A source asked")
    article.propose_blank(by=ruth, now=LATER, revisions=[1], reason="A source asked")
    with refused("There is an open blanking already"):
        article.propose_blank(by=ruth, now=LATER, revisions=[1], reason="A source asked")
    with refused("The open blanking is your own"):
        article.confirm_blank(by=ruth, now=LATER)
    with refused("is for editors"):
        article.confirm_blank(by=a_journalist(), now=LATER)
    article.drop_blank(by=ruth, now=LATER)
    assert (article.blankings.get().is_done, article.headline) == (False, content()["headline"])


@pytest.mark.parametrize("revisions", [[], [1, 9], [2]])
def test_a_blanking_names_revisions_that_have_words(revisions):
    article = blank(rewritten(a_draft(), headline="Other", at=LATER), 2)
    with refused("Choose at least one revision of this story that still has its words"):
        article.propose_blank(by=a_managing_editor(), now=LATER, revisions=revisions, reason="A source asked")


def test_a_blanking_says_why_and_what_readers_get():
    article = a_draft()
    with refused("Say why these words have to go"):
        article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason=" ")
    with refused("answer 410 .* or 451 .*, not 404"):
        article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1], reason="A source asked", code=404)


def test_a_blanked_story_can_be_written_anew_and_reinstated():
    article = blank(published(headline="Source is Ada"), 1)
    approved_again(article, at=NEXT_WEEK, headline="A source told us", body="<p>New words.</p>")
    version = article.reinstate(by=a_managing_editor(), now=NEXT_WEEK, reason="Written anew")
    assert (version.version, version.headline, version.first_published) == (2, "A source told us", FIRST_SEEN)
    assert Publication.objects.visible(NEXT_WEEK).get() == version


def test_what_is_blanked_still_has_the_hash_that_was_signed():
    article = approved(headline="Source is Ada")
    signed = article.latest_review.sha256
    version = article.publish(by=an_editor(), now=LATER)
    words = version.content()
    blank(article, 1)
    version.refresh_from_db()
    assert version.sha256 == version.approved_sha256 == signed == contents.digest(words, kind="first", public_note="")
