"""What our own code is told before the database has to refuse it; also where people have every right."""

import re

import pytest
from django.contrib import admin
from django.db import models, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from articles.models import Article, Event, Publication, PublicationTopic, Review, Revision
from articles.models.kept import HistoryStands, Kept

from .factories import BODY, a_draft, a_figure, a_person, a_picture, a_topic
from .test_triggers import HISTORY, name, tell


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield tell()
        transaction.set_rollback(True)


@pytest.mark.parametrize("model", HISTORY, ids=name)
@pytest.mark.parametrize(
    ("act", "what"),
    [
        (lambda row, rows: row.save(), "changed"),
        (lambda row, rows: row.save(update_fields=["id"]), "changed"),
        (lambda row, rows: row.delete(), "deleted"),
        (lambda row, rows: rows.update(id=1), "changed"),
        (lambda row, rows: rows.delete(), "deleted"),
        (lambda row, rows: rows.bulk_update([row], ["id"]), "changed"),
        (lambda row, rows: rows.update_or_create(pk=row.pk, defaults={"pk": row.pk}), "changed"),
        (
            lambda row, rows: rows.bulk_create(
                [row], update_conflicts=True, update_fields=["id"], unique_fields=["id"]
            ),
            "changed",
        ),
    ],
    ids=["save", "save some", "delete", "update", "delete all", "bulk update", "update or create", "upsert"],
)
def test_history_refuses_by_name_and_says_what_may_be_done(told, db, model, act, what):
    with pytest.raises(HistoryStands) as refusal:
        act(told[model], model.objects.filter(pk=told[model].pk))
    assert re.match(f"An? {model._meta.verbose_name} is part of the history and is never {what}: ", str(refusal.value))
    assert str(refusal.value).endswith(model.may_still)


def test_a_row_with_the_key_of_another_does_not_replace_it(told, db):
    event = told[Event]
    forged = Event(pk=event.pk, article=event.article, number=99, verb="publish", at=event.at)
    with pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic():
        forged.save()
    assert Event.objects.get(pk=event.pk).verb == "take_down"


def test_lists_of_a_version_cannot_be_emptied_or_set(told, db):
    version = told[Publication]
    with pytest.raises(HistoryStands, match="deleted"), transaction.atomic():
        version.topics.clear()
    with pytest.raises(HistoryStands, match="deleted"), transaction.atomic():
        version.topics.set([])
    assert PublicationTopic.objects.filter(publication=version).exists()


def test_a_story_a_topic_and_a_picture_with_a_history_are_not_deleted(told, db):
    picture = a_picture()
    a_draft(body=BODY + a_figure(picture, alt="The pier"))
    for row in (told[Revision].article, a_topic(), picture):
        with pytest.raises(ProtectedError):
            row.delete()


def test_nothing_of_history_ever_goes_with_something_else():
    links = [field for model in HISTORY for field in model._meta.concrete_fields if field.is_relation]
    assert len(links) > 20
    assert {field.remote_field.on_delete for field in links} == {models.PROTECT}


def test_the_desk_has_no_form_for_history():
    assert not [model for model in admin.site._registry if issubclass(model, Kept)]


def test_not_even_an_administrator_deletes_a_story_at_the_desk(client, told, db):
    story = told[Review].article
    client.force_login(a_person(username="root", is_superuser=True))
    address = reverse("admin:articles_article_change", args=[story.pk]).replace("/change/", "/delete/")
    for answer in (client.get(address), client.post(address, {"post": "yes"})):
        assert answer.status_code == 404
    assert Article.objects.filter(pk=story.pk).exists()
