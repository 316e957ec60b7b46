"""The revisions of a story at the desk: listed, read, compared, brought back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from articles.models import Article, Revision

from .factories import BEGIN, a_draft, a_journalist, an_editor, published, republish, submitted
from .forms import words

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def address(name, article, number=None):
    return reverse(f"admin:articles_article_{name}", args=[article.pk, *([number] if number else [])])


def rewritten(article, headline="Pier shut", **changes):
    values = article.content() | {"headline": headline} | changes
    article.save_content(values, by=article.creator, now=LATER, lock_version=article.lock_version)
    return article


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


def test_the_list_says_what_became_of_every_revision(client, ana):
    article = published(by=ana)
    republish(article, at=LATER, headline="Pier reopens")
    article.restore(1, by=ana, now=LATER)
    rewritten(article)
    Revision.objects.filter(number=3).blank()
    page = client.get(address("revisions", article))
    rows = {row.number: row.marks for row in page.context["revisions"]}
    assert rows == {
        4: [],
        3: [],
        2: ["submitted", "approved", "version 2, public now"],
        1: ["submitted", "approved", "version 1, was public"],
    }
    text = words(page)
    assert "October 1, 2026, 5:00 a.m. EDT" in text
    assert "revision 1 again" in text
    assert [row.blanked for row in page.context["revisions"]] == [False, True, False, False]
    assert 'name="from" value="3"' not in page.content.decode()


def test_any_two_revisions_are_compared_by_their_words(client, ana):
    article = rewritten(a_draft(by=ana), body="<p>The pier will stay closed for repairs on Monday.</p>")
    rewritten(article, headline="Pier open")
    page = client.get(address("compare", article), {"from": "2", "to": "1"}).content.decode()
    assert "<del>closes for repairs</del><ins>shut</ins>" in page
    assert "<del>close</del><ins>stay closed</ins>" in page
    assert "&lt;p&gt;" not in page
    page = client.get(address("compare", article), {"from": "1", "to": "3"}).content.decode()
    assert "<ins>open</ins>" in page


@pytest.mark.parametrize(
    ("query", "status"), [({}, 400), ({"from": "1", "to": "x"}, 400), ({"from": "1", "to": "9"}, 404)]
)
def test_what_is_no_pair_of_revisions_is_no_comparison(client, ana, query, status):
    assert client.get(address("compare", a_draft(by=ana)), query).status_code == status


def test_two_that_say_the_same_say_so(client, ana):
    article = rewritten(a_draft(by=ana))
    article.restore(1, by=ana, now=LATER)
    assert "The two say the same." in words(client.get(address("compare", article), {"from": "1", "to": "3"}))


def test_a_blanked_revision_is_named_as_such_everywhere(client, ana):
    article = rewritten(a_draft(by=ana))
    Revision.objects.filter(number=1).blank()
    assert "Revision 1 was blanked" in words(client.get(address("revision", article, 1)))
    compared = words(client.get(address("compare", article), {"from": "1", "to": "2"}))
    assert "The words of revision 1 were blanked, so there is nothing to compare." in compared
    assert "Bring revision 1 back" not in words(client.get(address("revision", article, 1)))


def test_a_revision_is_brought_back_with_its_button(client, ana):
    article = rewritten(a_draft(by=ana))
    page = client.get(address("revision", article, 1))
    assert "Pier closes for repairs" in words(page)
    assert "Bring revision 1 back" in words(page)
    seen = {"lock_version": article.lock_version}
    answer = client.post(address("restore", article, 1), seen, follow=True)
    assert "Revision 1 is back, as revision 3." in words(answer)
    assert Article.objects.get().headline == "Pier closes for repairs"


def test_a_page_that_is_old_brings_nothing_back(client, ana):
    article = rewritten(a_draft(by=ana))
    answer = client.post(address("restore", article, 1), {"lock_version": article.lock_version - 1})
    assert answer.status_code == 409
    assert "so nothing was done" in words(answer)
    assert Article.objects.get().headline == "Pier shut"


def test_words_that_stand_still_have_no_such_button(client, ana):
    article = submitted(by=ana)
    assert "Bring revision" not in words(client.get(address("revision", article, 1)))
    answer = client.post(address("restore", article, 1), {"lock_version": article.lock_version})
    assert (answer.status_code, article.revisions.count()) == (409, 1)


def test_somebody_elses_revisions_do_not_exist(client):
    article = rewritten(a_draft())
    client.force_login(a_journalist(username="dele"))
    for name, number in [("revisions", None), ("revision", 1), ("compare", None)]:
        assert client.get(address(name, article, number), {"from": "1", "to": "2"}).status_code == 404
    assert client.post(address("restore", article, 1)).status_code == 404
    client.force_login(an_editor())
    assert client.get(address("revisions", article)).status_code == 200
