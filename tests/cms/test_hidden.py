"""What a person may not see at the desk behaves as if it did not exist, whichever page of it is asked for."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from tests.articles.factories import a_draft, a_journalist, a_person, a_picture, a_topic, an_author
from tests.donations.factories import make_campaign, make_donor, make_gift, make_payment
from tests.donations.test_fundraising_roles import admin_patterns

pytestmark = pytest.mark.django_db
ROLES = ["Journalists", "Editors", "Managing editors", "Fundraisers", ""]
OF_OTHERS = {"article", "picture"}  # those below are another journalist's
UNKNOWN = {"picture": "00000000-0000-4000-8000-000000000000"}
PARTS = ("articles", "donations", "auth")


@pytest.fixture
def rows():
    gift = make_gift(campaign=make_campaign(is_default=True), donor=make_donor(email="zoe@example.org"))
    draft = a_draft(by=a_journalist(username="somebody"))
    others = [a_topic(), an_author(), a_picture(by=draft.creator), draft.creator, Group.objects.first()]
    every = [gift, gift.donor, gift.campaign, make_payment(gift=gift), draft, draft.section, *others]
    return {row._meta.model_name: row.pk for row in every}


def pages_of_rows(rows):
    """Every page of the admin about one row: (name, its address, the address of a row that is not there)."""
    for name, ids in [pattern for part in PARTS for pattern in admin_patterns(part)]:
        model = name.split("_")[1]
        if ids and model in rows:
            unknown, below = UNKNOWN.get(model, 99999), [1] * (ids - 1)
            known = reverse(f"admin:{name}", args=[rows[model], *below])
            yield name, known, reverse(f"admin:{name}", args=[unknown, *below])


def status(response):
    b"".join(response)  # a picture's file is closed once it is read
    return response.status_code


def login(client, role):
    person = a_person(username=f"a {role}", group=role or None)
    client.force_login(person)
    return person


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_the_desk_tells_a_row_that_is_hidden_from_one_that_is_not_there(client, rows, role, method):
    person, told, hidden = login(client, role), {}, 0
    for name, there, not_there in pages_of_rows(rows):
        app, model = name.split("_")[:2]
        answers = [status(getattr(client, method)(url)) for url in (there, not_there)]
        if not person.has_perm(f"{app}.view_{model}"):
            hidden += 1
            told |= {name: answers} if answers != [404, 404] else {}
        elif 403 in answers or (role == "Journalists" and model in OF_OTHERS and answers[0] != answers[1]):
            told[name] = answers
    assert told == {}
    assert hidden > 10


def test_the_pages_of_a_row_are_many_and_include_its_history(rows):
    names = {name for name, *_ in pages_of_rows(rows)}
    assert {"donations_payment_history", "auth_user_history", "articles_section_history"} <= names
    assert len(names) > 40


@pytest.mark.parametrize("role", ROLES)
def test_the_desk_answers_no_signed_in_person_with_403(client, role):
    login(client, role)
    addresses = [reverse(f"admin:{name}") for part in PARTS for name, takes_id in admin_patterns(part) if not takes_id]
    assert {address for address in addresses if client.get(address).status_code == 403} == set()


def test_those_pages_are_there_for_whoever_may_see_them(client, rows):
    client.force_login(User.objects.create_superuser("boss", password="x"))
    for name in ("donations_payment_history", "auth_user_history", "articles_section_history"):
        page = next(there for known, there, _ in pages_of_rows(rows) if known == name)
        assert client.get(page).status_code == 200
