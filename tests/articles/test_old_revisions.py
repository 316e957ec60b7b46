"""A field that becomes part of the signed words later: what was stored before it stands, and goes on to readers."""

import pytest

from articles import content as contents
from articles.models import Publication, Revision
from articles.proof import Proof, changes
from articles.workflow import Status

from .bending import bend
from .factories import BEGIN, a_journalist, an_editor, approved, sign, submitted

pytestmark = pytest.mark.django_db
ADDED = ("share_text", "lead_focal")


def as_before(article):
    """The story's revision as it would have been stored before the fields `ADDED` existed."""
    revision = article.latest_revision
    for name in ADDED:
        del revision.content[name]
    bend(Revision.objects.filter(pk=revision.pk), content=revision.content)
    article.refresh_from_db()
    return article


def test_a_story_under_review_is_signed_and_published_with_its_hash():
    article = as_before(submitted())
    assert article.latest_revision.is_intact()
    sign(article)
    article.publish(by=an_editor(), now=BEGIN)
    version = Publication.objects.get()
    assert version.is_intact()
    assert (version.share_text, version.lead_focal) == ("", "")
    assert version.sha256 == article.latest_review.sha256


def test_an_approved_story_is_published():
    article = as_before(approved())
    article.publish(by=an_editor(), now=BEGIN)
    assert article.status == Status.PUBLISHED


def test_it_is_read_and_compared_with_what_came_later(client):
    article = as_before(submitted())
    old = article.latest_revision.content
    assert Proof(old).words("share_text") == ""
    assert changes(old, contents.clean(old)) == []
    new = contents.clean(old | {"share_text": "For sharing"})
    assert [change.name for change in changes(old, new)] == ["share_text"]
    client.force_login(an_editor())
    assert client.get(f"/admin/articles/article/{article.pk}/change/").status_code == 200


def test_a_form_that_was_opened_over_it_finds_no_change_in_the_new_field(client):
    from .forms import filled
    from .test_desk_writing import change

    client.force_login(a_journalist())
    article = submitted()
    article.withdraw(by=a_journalist(), now=BEGIN)
    as_before(article)
    opened = client.get(change(article))
    words = {**article.content(), "headline": "His headline"}
    article.save_content(words, by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    refused = client.post(change(article), filled(opened, share_text="Hers"))
    assert refused.status_code == 409
    assert filled(refused)["take"] == ["headline"]
    assert 'name="take" value="share_text"' not in " ".join(refused.content.decode().split())
