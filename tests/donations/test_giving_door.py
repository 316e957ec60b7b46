"""The door to a giver's own page: a link by mail, good once, in one browser, and no answer to who gives here."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as post
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from donations import mails
from donations.giving.door import GIVER, open_door
from donations.mailed_links import link_of, unsubscribe_url, url_of
from donations.models import Donor, SentMail
from donations.scrubbing import scrub

from .factories import NOON, make_donor, make_gift, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def an_afternoon(time_machine):
    time_machine.move_to(NOW, tick=False)


def new_link(donor=None, **fields):
    link = (donor or make_donor()).links.create(**({"made_at": NOW} | fields))
    return link, "/" + url_of(link).split("/", 3)[3]


def opened(donor):
    """A browser in which this giver is at their own page."""
    browser = Client()
    assert browser.post(new_link(donor)[1]).status_code == 303
    return browser


def is_in(browser):
    return "Leave this page" in browser.get("/giving/").content.decode()


def words(answer):
    return " ".join(answer.content.decode().split())


# --- Asking -------------------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_for_an_address_that_nobody_knows(client):
    make_donor(email="ann@example.org")
    known = words(client.post("/giving/", {"email": "ann@example.org"}))
    unknown = words(client.post("/giving/", {"email": "bob@example.org"}))
    assert known.replace("ann@", "bob@") == unknown


def test_the_same_is_written_for_an_address_that_nobody_knows(client):
    make_donor(email="ann@example.org")
    with CaptureQueriesContext(
        connection,
    ) as known:
        client.post("/giving/", {"email": "ann@example.org"})
    with CaptureQueriesContext(connection) as unknown:
        client.post("/giving/", {"email": "bob@example.org"})
    assert len(known) - len(unknown) == 1  # the link itself, in the same transaction
    assert SentMail.objects.filter(kind="sign_in", status="queued").count() == 2
    assert "bob" not in str(list(SentMail.objects.values()))


def test_nobody_gets_no_mail_and_leaves_no_row(client):
    client.post("/giving/", {"email": "bob@example.org"})
    mails.send_due(NOW)
    assert (post.outbox, SentMail.objects.count(), Donor.objects.count()) == ([], 0, 0)


def test_the_link_goes_to_the_stored_address_whatever_capitals_were_typed(client):
    make_donor(email="ann@example.org")
    client.post("/giving/", {"email": "Ann@Example.org"})
    mails.send_due(NOW)
    assert [message.to for message in post.outbox] == [["ann@example.org"]]
    path = re.search(r"/giving/in/\S+/", post.outbox[0].body)[0]
    assert client.get(path).status_code == 200


def test_a_giver_who_wants_nothing_but_receipts_still_gets_the_link(client):
    make_donor(email="ann@example.org")
    Donor.objects.update(mails_refused_at=NOON)
    client.post("/giving/", {"email": "ann@example.org"})
    assert mails.send_due(NOW) == 1


@pytest.mark.parametrize(
    ("typed", "says"), [("", "Type the e-mail address"), ("ann", "This is not an e-mail address")]
)
def test_what_is_no_address_is_said_so(client, typed, says):
    answer = client.post("/giving/", {"email": typed})
    assert answer.status_code == 422
    assert says in words(answer)
    assert SentMail.objects.count() == 0


@pytest.mark.parametrize("known", [True, False])
def test_whoever_asks_too_often_is_told_when_to_try_again_be_they_known_or_not(client, known):
    make_donor(email="ann@example.org" if known else None)
    for _ in range(3):
        assert client.post("/giving/", {"email": "ann@example.org"}).status_code == 200
    owed = SentMail.objects.count()
    answer = client.post("/giving/", {"email": "Ann@example.org"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "try again in 15 minutes." in words(answer)
    assert 'value="Ann@example.org"' in words(answer)
    assert SentMail.objects.count() == owed
    assert client.post("/giving/", {"email": "ben@example.org"}).status_code == 200


@pytest.mark.usefixtures("kept_in_memory")
def test_one_address_is_mailed_ten_links_a_day_wherever_they_are_asked_for(client, time_machine):
    make_donor(email="ann@example.org")
    codes = []
    for number in range(16):  # four hours
        time_machine.shift(901)
        codes.append(client.post("/giving/", {"email": "Ann@example.org"}, REMOTE_ADDR=f"81.2.{number}.1").status_code)
    assert codes == [200] * 10 + [429] * 6
    answer = client.post("/giving/", {"email": "ann@example.org"})
    assert "A link was asked for many times within a day, so none is mailed for now." in words(answer)
    assert "try again in 21 hours." in words(answer)
    assert client.post("/giving/", {"email": "ben@example.org"}).status_code == 200

    time_machine.shift(86400)
    assert client.post("/giving/", {"email": "ann@example.org"}).status_code == 200


# --- Opening ------------------------------------------------------------------------------------------------------


def test_looking_at_the_link_uses_nothing_up():
    _, path = new_link()
    scanner = Client()
    for _ in range(3):
        assert scanner.get(path).status_code == 200
        assert scanner.head(path).status_code == 200
    assert not is_in(scanner)
    assert Client().post(path).status_code == 303


def test_the_link_opens_once(client):
    _, path = new_link()
    assert client.post(path)["Location"] == "/giving/"
    for answer in (Client().post(path), Client().get(path), client.post(path)):
        assert answer.status_code == 410
        assert "This link opens nothing any more" in words(answer)
    assert is_in(client)


def test_of_two_presses_at_once_one_wins():
    _, path = new_link()
    late = RequestFactory().post(path)
    late.session = Client().session
    seen = link_of(path.split("/")[3], NOW)  # by the late one too, before the other pressed
    assert Client().post(path).status_code == 303
    assert not open_door(late, seen, NOW)
    assert GIVER not in late.session


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 410), (24 * 60, 410), (-1, 410)])
def test_the_link_lasts_thirty_minutes(client, minutes, status):
    _, path = new_link(made_at=NOW - timedelta(minutes=minutes))
    assert client.get(path).status_code == status
    assert client.post(path).status_code == (303 if status == 200 else 410)


def test_a_link_that_was_changed_opens_nothing(client):
    link, path = new_link()
    other, other_path = new_link()
    token, other_token = path.split("/")[3], other_path.split("/")[3]
    key, signature = token.rsplit(".", 1)
    stranger = f"{link.pk}-{other.donor_id.hex}.{signature}"
    wrong = [token[:-1], token.upper(), f"{key}.{other_token.rsplit('.', 1)[1]}", stranger, "1", "x.y", "é.é", " "]
    for changed in wrong:
        answer = client.post(f"/giving/in/{changed}/")
        assert answer.status_code == 410
        assert "Ask for another link" in words(answer)
    assert not is_in(client)
    assert client.get(path).status_code == 200


def test_the_link_that_stops_mails_opens_no_page(client):
    path = unsubscribe_url(make_donor()).split("/")[-2]
    assert client.post(f"/giving/in/{path}/").status_code == 410


def test_the_link_of_a_giver_who_was_removed_opens_nothing(client):
    link, path = new_link()
    scrub(link.donor, NOW)
    assert client.post(path).status_code == 410


def test_the_button_needs_the_pages_own_token():
    _, path = new_link()
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(path).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', words(browser.get(path)))[1]
    assert browser.post(path, {"csrfmiddlewaretoken": token}).status_code == 303


# --- Being in ------------------------------------------------------------------------------------------------------


def test_a_session_that_somebody_planted_opens_nothing():
    donor, browser = make_donor(), Client()
    browser.session.save()
    planted = browser.session.session_key
    browser.cookies["sessionid"] = planted
    browser.post(new_link(donor)[1])
    assert is_in(browser)

    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not is_in(thief)


def test_the_cookie_is_kept_from_scripts_and_other_sites_for_an_hour(settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = opened(make_donor()).cookies["sessionid"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["max-age"]) == (True, True, "Lax", 3600)


def test_the_page_closes_after_an_hour(time_machine):
    browser = opened(make_donor())
    time_machine.move_to(NOW + timedelta(minutes=59), tick=False)
    assert is_in(browser)
    time_machine.move_to(NOW + timedelta(minutes=61), tick=False)
    assert not is_in(browser)


def test_leaving_leaves_nothing_behind():
    browser = opened(make_donor())
    key = browser.cookies["sessionid"].value
    assert browser.get("/giving/out/").status_code == 405
    assert browser.post("/giving/out/")["Location"] == "/giving/"
    assert not is_in(browser)
    browser.cookies["sessionid"] = key
    assert not is_in(browser)


def test_staff_who_give_stay_signed_in_when_they_leave_their_page():
    browser, user = Client(), make_user()
    browser.force_login(user)
    browser.post(new_link()[1])
    assert is_in(browser)
    browser.post("/giving/out/")
    assert not is_in(browser)
    assert browser.session["_auth_user_id"] == str(user.pk)


def test_a_removed_giver_is_out_at_once():
    donor = make_donor()
    browser = opened(donor)
    scrub(donor, NOW)
    assert not is_in(browser)


def test_nobody_keeps_a_page_of_the_door():
    _, path = new_link()
    stop_mails = unsubscribe_url(make_donor())
    browser = opened(make_donor())
    for answer in (browser.get("/giving/"), Client().get("/giving/"), Client().get(path), Client().get(stop_mails)):
        assert "no-store" in answer["Cache-Control"]
        assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "same-origin")


# --- Stopping mails -------------------------------------------------------------------------------------------------


def test_mails_are_stopped_by_a_press_and_not_by_a_look():
    donor = make_donor()
    make_gift(donor=donor, may_write_at=NOON)
    path, browser = unsubscribe_url(donor), Client(enforce_csrf_checks=True)
    assert browser.get(path).status_code == 200
    donor.refresh_from_db()
    assert donor.mails_refused_at is None
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    donor.refresh_from_db()
    assert donor.mails_refused_at == NOW
    assert not donor.gifts.exclude(may_write_at=None).exists()


def test_a_changed_link_stops_nobodys_mails(client):
    donor = make_donor()
    assert client.post(unsubscribe_url(donor)[:-2] + "/").status_code == 404
    donor.refresh_from_db()
    assert donor.mails_refused_at is None
