"""Two people in the same instant, on real connections in real threads."""

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client

from articles.models import Article, ArticleChanged, Publication
from articles.workflow import MoveNotAllowed

from .factories import BEGIN, a_draft, a_journalist, a_managing_editor, an_editor, approved, content, submitted
from .forms import filled, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def groups(transactional_db):
    """A flush between tests takes the groups with it."""
    from django.apps import apps

    from articles.groups import fill_groups

    fill_groups(sender=apps.get_app_config("articles"), using="default")


def at_once(*acts):
    """Run `acts` in threads that start together; what each returned or raised, in their order."""
    gate, ends = Barrier(len(acts)), [None] * len(acts)

    def run(position, act):
        try:
            gate.wait(timeout=10)
            ends[position] = act()
        except (ArticleChanged, MoveNotAllowed) as refusal:
            ends[position] = refusal
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ends


def fresh(article):
    return Article.objects.get(pk=article.pk)


@pytest.mark.parametrize("time", range(5))
def test_of_two_people_saving_the_same_version_one_is_told(time):
    ana, tomas = a_journalist(), an_editor()
    article = a_draft(by=ana)
    opened, revisions = article.lock_version, article.revisions.count()

    def save(headline, by):
        values = content(headline=headline)
        return lambda: fresh(article).save_content(values, by=by, now=BEGIN, lock_version=opened)

    ends = at_once(save("Hers", ana), save("His", tomas))
    assert sorted(type(end).__name__ for end in ends) == ["ArticleChanged", "Revision"]
    assert article.revisions.count() == revisions + 1
    assert fresh(article).headline == next(end.content["headline"] for end in ends if not isinstance(end, Exception))


@pytest.mark.parametrize("time", range(5))
def test_of_two_editors_approving_one_is_told(time):
    article = submitted()
    sha256 = article.latest_review.sha256
    tomas, ruth = an_editor(), a_managing_editor()
    ends = at_once(*(lambda by=by: fresh(article).approve(by=by, now=BEGIN, sha256=sha256) for by in (tomas, ruth)))
    assert sorted(type(end).__name__ for end in ends) == ["MoveNotAllowed", "NoneType"]
    assert article.events.filter(verb="approve").count() == 1


@pytest.mark.parametrize("time", range(5))
def test_publishing_and_reopening_at_once_leaves_no_half(time):
    article = approved()
    tomas, ana = an_editor(), a_journalist()
    ends = at_once(
        lambda: fresh(article).publish(by=tomas, now=BEGIN), lambda: fresh(article).reopen(by=ana, now=BEGIN)
    )
    assert sum(isinstance(end, MoveNotAllowed) for end in ends) == 1
    assert fresh(article).status == ("published" if Publication.objects.exists() else "draft")


@pytest.mark.parametrize("time", range(3))
def test_two_people_sending_the_same_form_in_the_same_second_both_keep_their_text(time):
    ana, tomas = a_journalist(), an_editor()
    article = a_draft(by=ana)
    address = f"/admin/articles/article/{article.pk}/change/"

    def form_of(person, headline):
        client = Client()
        client.force_login(person)
        typed = filled(client.get(address), headline=headline, _save="1")
        return lambda: client.post(address, typed)

    ends = at_once(form_of(ana, "What Ana typed"), form_of(tomas, "What Tomas typed"))
    assert sorted(end.status_code for end in ends) == [302, 409]
    told = next(end for end in ends if end.status_code == 409)
    stored = fresh(article).headline
    assert article.revisions.count() == 2
    assert {stored} < {"What Ana typed", "What Tomas typed"}
    assert "What Ana typed" in words(told)
    assert "What Tomas typed" in words(told)
