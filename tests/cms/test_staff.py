"""Accounts: whoever acted is deactivated, never deleted; only superusers see any of it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from articles.models import MailSwitch
from tests.articles.factories import a_draft, a_journalist, a_person, an_author, an_editor, published
from tests.articles.forms import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    boss = a_person(username="boss", is_superuser=True)
    client.force_login(boss)
    return boss


def page_of(person, name="change"):
    return reverse(f"admin:auth_user_{name}", args=[person.pk])


def signed_in(person):
    browser = Client()
    browser.force_login(person)
    return browser


def names_the_author():
    return an_author(user=a_person(username="pen")).user


def wrote_a_draft():
    return a_draft(by=a_journalist()).creator


def approved_a_story():
    published()
    return an_editor()


def changed_a_section():
    person = a_person(username="sam", is_superuser=True)
    signed_in(person).post(reverse("admin:articles_section_add"), {"name": "Sea", "slug": "sea", "position": "1"})
    return person


@pytest.mark.parametrize("acted", [names_the_author, wrote_a_draft, approved_a_story, changed_a_section])
def test_nobody_who_acted_is_deleted(client, boss, acted):
    person = acted()
    for answer in (
        client.get(page_of(person, "delete"), follow=True),
        client.post(page_of(person, "delete"), {"post": "yes"}, follow=True),
    ):
        assert "stands in the history" in words(answer)
        assert "Deactivate the account instead." in words(answer)
        assert f'href="{page_of(person, "delete")}"' not in answer.content.decode()
    assert User.objects.filter(pk=person.pk).exists()


def test_an_account_without_traces_is_deleted_with_its_own_settings(client, boss):
    person = a_journalist()
    MailSwitch.objects.switch_off(person, ["published"])
    assert f'href="{page_of(person, "delete")}"' in client.get(page_of(person)).content.decode()
    client.post(page_of(person, "delete"), {"post": "yes"})
    assert not User.objects.filter(pk=person.pk).exists()


def test_many_accounts_are_not_deleted_at_once(client, boss):
    person = a_journalist()
    chosen = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), chosen)
    assert User.objects.filter(pk=person.pk).exists()


def test_deactivating_ends_every_session_and_signing_in(client, boss):
    ana = a_journalist()
    ana.set_password("a long enough one")
    ana.save()
    at_home, at_work = signed_in(ana), signed_in(ana)
    assert "signs in no more" in words(client.post(page_of(ana, "deactivate"), follow=True))
    assert [browser.get("/admin/").status_code for browser in (at_home, at_work)] == [302, 302]
    assert not Client().login(username="ana", password="a long enough one")
    assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [str(boss.pk)]


def test_an_account_that_is_activated_again_signs_in_anew(client, boss):
    ana = a_journalist()
    before = signed_in(ana)
    client.post(page_of(ana, "deactivate"))
    assert "can sign in again" in words(client.post(page_of(ana, "activate"), follow=True))
    assert before.get("/admin/").status_code == 302
    assert signed_in(ana).get("/admin/").status_code == 200


def test_nobody_deactivates_themselves(client, boss):
    assert "your own account" in words(client.post(page_of(boss, "deactivate"), follow=True))
    boss.refresh_from_db()
    assert boss.is_active


def test_the_form_of_an_account_does_not_switch_it_off(client, boss):
    ana = a_journalist()
    answer = client.post(page_of(ana), {"username": "ana.reyes", "is_staff": "on"})
    ana.refresh_from_db()
    assert (answer.status_code, ana.username, ana.is_active) == (302, "ana.reyes", True)


def test_a_link_alone_deactivates_nobody(client, boss):
    ana = a_journalist()
    assert client.get(page_of(ana, "deactivate")).status_code == 405
    assert client.get(page_of(ana, "activate")).status_code == 405
    ana.refresh_from_db()
    assert ana.is_active


def test_no_permission_but_only_superusers_open_accounts_and_groups(client):
    ruth = an_editor(username="ruth")
    ruth.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(User.objects.get(pk=ruth.pk))
    group = reverse("admin:auth_group_change", args=[Group.objects.first().pk])
    answers = [client.get(page_of(ruth)), client.get(reverse("admin:auth_user_changelist")), client.get(group)]
    answers += [client.post(page_of(ruth, name)) for name in ("deactivate", "delete")]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert User.objects.get(pk=ruth.pk).is_active
