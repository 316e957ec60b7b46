"""The canary of names: who gave is on no page, feed, file, mail, log or in any cache but where it may be (R17, R18)."""

import io
import json
import logging
import pickle
import re
import zipfile
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client

from articles import mails as mails_to_staff
from cms import tasks
from cms.logs import Readable, Records
from donations import breaker, tries, views
from donations import mails as mails_to_givers
from donations.forms import new_token
from donations.giving.door import GIVER, send_link
from donations.issuing import issue_copy
from donations.mailed_links import unsubscribe_url, url_of
from donations.models import GivingLink, Payment, Refund, SentMail
from tests.articles.factories import BEGIN
from tests.cms.canary import PEOPLE, Newsroom
from tests.cms.routes import routes
from tests.cms.test_canary import READERS, addresses_of_the_desk
from tests.donations.fundraisers import a_fundraiser, a_person
from tests.donations.givers import after_some_months, every_sort, tokens_in
from tests.donations.paper import text_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
NEWSROOM = ("Journalists", "Editors", "Managing editors")
MAY_BE_READ = {"named", "partly back", "offline"}  # who agreed to be named, and of whose gift something has stayed
ADDRESS, BROWSER = "81.2.69.142", "Lynx of a reader"


# --- What is listened to ---------------------------------------------------------------------------------------------


class Listener(logging.Handler):
    """Every record of everything, as it was said and as it is written in production and at a developer's."""

    def __init__(self):
        super().__init__(level=logging.DEBUG)
        self.said, self.could = [], set()  # `could`: what Python itself would have written of errors

    def emit(self, record):
        self.could |= tokens_in(record.exc_info)
        written = [Records().format(record), Readable("{name} {message}", style="{").format(record)]
        self.said.append((record.name, record.getMessage(), written[0] if record.exc_info else " ".join(written)))


@pytest.fixture
def listener():
    """At the settings' own levels for each library, and at DEBUG for everything else."""
    root, kept = logging.getLogger(), Listener()
    level, ours = root.level, logging.getLogger("cms.logs")
    own = ours.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)
    ours.setLevel(own)


@pytest.fixture
def room(sandbox, listener, settings, time_machine):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    time_machine.move_to(NOW, tick=False)
    cache.clear()
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=BROWSER)
    made = every_sort(sandbox, browser, NOW)
    made.paper = newsroom()
    return made


def read(client, address):
    """The status of an answer, and all that it says; of a workbook what its sheets say, of a PDF what its pages show."""
    answer = client.get(address)
    said = b"".join(answer) if answer.streaming else answer.content
    if said.startswith(b"PK"):
        book = zipfile.ZipFile(io.BytesIO(said))
        said = b" ".join(book.read(name) for name in book.namelist())
    elif said.startswith(b"%PDF"):
        said = text_of(said).encode()
    return answer.status_code, f"{said.decode(errors='replace')} {dict(answer.headers)} {answer.cookies}"


def read_all(client, addresses):
    """{address: the tokens in what it answers}, and all of them together."""
    told = {address: tokens_in(read(client, address)[1]) for address in addresses}
    return told, set().union(*told.values())


# --- Readers and the desk --------------------------------------------------------------------------------------------


def test_nobody_reads_who_gave_but_where_it_may_be_read(room):
    assert_readers_find_the_names_of_those_who_agreed_and_no_others(room)
    for group in NEWSROOM:
        assert_the_newsroom_never_sees_who_gave(room, group)
    assert_fundraisers_see_who_gave_and_nobody_who_was_removed(room)


def newsroom():
    """A story that is up, and what else the routes of readers and of the desk ask for."""
    story = (paper := Newsroom()).published("live", shown=PEOPLE)
    link = story.share_preview(by=paper.ana, now=BEGIN, meant_for="Ana")
    story.revoke_preview(link, by=paper.ana, now=BEGIN)
    story.note(by=paper.tomas, now=BEGIN, text="Check this")
    paper.links = [link, link]
    return paper


def addresses_of_readers(room):
    """Every route of the site, also with the keys of gifts that somebody might have."""
    known = [address for of in READERS.values() for address in of(room.paper)]
    for gift in room.gifts.values():
        known += [f"/donate/?back={gift.pk}", f"/thanks/?session_id={gift.session_id}"]
        known += [f"/giving/gifts/{gift.pk}/{page}/" for page in ("name", "amount", "stop")]
    return [*known, "/campaigns/canary/?page=1", "/donate/?email=a@example.org", "/giving/in/made-up/"]


def assert_readers_find_the_names_of_those_who_agreed_and_no_others(room):
    reader = Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=BROWSER)
    may = {token for whose in MAY_BE_READ for token in room.of(whose)} & room.what("name")
    told, found = read_all(reader, addresses_of_readers(room) + addresses_of_the_desk())
    assert len(told) > 150
    assert {address: named(room, words - may) for address, words in told.items() if words - may} == {}
    assert named(room, found) == named(room, may)
    assert {address for address, words in told.items() if words} == {"/campaigns/canary/", "/campaigns/canary/?page=1"}


def named(room, tokens):
    """Whose words these are, and which."""
    return sorted(room.words[token] for token in tokens)


def keys_of(room):
    """A giver who must not be known and one who may, of each table."""
    gifts = [room.gifts["anonymous"], room.gifts["named"]]
    rows = {"gift": gifts, "donor": [gift.donor for gift in gifts], "campaign": [room.campaign]}
    rows |= {"payment": list(Payment.objects.filter(gift__in=gifts)), "sentmail": list(SentMail.objects.all()[:2])}
    return {name: [row.pk for row in found] for name, found in rows.items()}


SEARCHED = ("donations/gift", "donations/donor", "donations/payment", "articles/article", "articles/author")


def searches():
    """Addresses that look for a word, which is still to be filled in."""
    return [f"/admin/{one}/?q=" for one in SEARCHED]


def assert_the_newsroom_never_sees_who_gave(room, group):
    client = Client()
    client.force_login(a_person(username=group, group=group))
    known = addresses_of_the_desk(**keys_of(room))
    if group != "Managing editors":  # who see of stories whatever others see, and more
        known = [address for address in known if "/articles/" not in address or not re.search(r"/\d+/", address)]
    told, _ = read_all(client, known)
    assert len(told) > 80
    assert {address: named(room, words) for address, words in told.items() if words} == {}
    (token,) = room.of("anonymous") & room.what("name")
    for address in searches():
        assert lines(client, address, token) == lines(client, address, "kq99999kq"), address


def lines(client, address, word):
    """How an answer to a search looks without the word, for comparing it with one that finds nothing."""
    status, said = read(client, address + word)
    return status, len(said.split("<"))


def assert_fundraisers_see_who_gave_and_nobody_who_was_removed(room):
    """Otherwise nothing was there that could have leaked."""
    client = Client()
    client.force_login(a_fundraiser())
    rows = [*room.gifts.values(), *(gift.donor for gift in room.gifts.values()), *Payment.objects.all()]
    known = [f"/admin/donations/{row._meta.model_name}/{row.pk}/change/" for row in [*rows, *Refund.objects.all()]]
    _, found = read_all(client, [*known, *addresses_of_the_desk(**keys_of(room))])
    unseen = set(room.words) - found
    assert {whose for whose, _ in named(room, unseen)} == {"scrubbed", "Stripe"}
    assert unseen == room.of("scrubbed") | room.of("Stripe")


# --- Givers ----------------------------------------------------------------------------------------------------------


def at_home(donor):
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=BROWSER)
    session = browser.session
    session[GIVER] = {"donor": donor.pk.hex, "since": NOW.timestamp()}
    session.save()
    browser.cookies["sessionid"] = session.session_key
    return browser


def pages_of(gifts, *, own):
    """Every page of givers, with these gifts and what was paid for them; those of no gift only where it is their own."""
    payments = Payment.objects.filter(gift__in=gifts).values_list("pk", flat=True)
    for route in (route for route in routes() if route.startswith("giving/") and "<str:" not in route):
        if "<uuid:gift_id>" in route:
            yield from (f"/{route.replace('<uuid:gift_id>', str(gift.pk))}" for gift in gifts)
        elif "<int:payment_id>" in route:
            yield from (f"/{route.replace('<int:payment_id>', str(pk))}" for pk in payments)
        elif own:
            yield f"/{route.replace('<int:year>', '2026')}"


def test_givers_see_and_are_mailed_what_is_theirs_alone(room):
    for whose in ("anonymous", "monthly", "offline"):
        assert_pages_show_their_own_giver(room, whose)
    assert_a_link_shows_nothing_before_its_button_is_pressed(room)
    assert_a_mail_tells_nobody_of_anybody_else(room)


def assert_pages_show_their_own_giver(room, whose):
    own = room.gifts[whose]
    others = [gift for gift in room.gifts.values() if gift != own]
    told, found = read_all(at_home(own.donor), [*pages_of([own], own=True), *pages_of(others, own=False)])
    assert len(told) > 100
    assert {
        address: named(room, words - room.of(whose)) for address, words in told.items() if words - room.of(whose)
    } == {}
    assert found == room.of(whose)
    assert told["/giving/statements/2026/"] == room.of(whose) & room.what("name", "e-mail")


def assert_a_link_shows_nothing_before_its_button_is_pressed(room):
    donor = room.gifts["anonymous"].donor
    link = GivingLink.objects.create(donor=donor, made_at=NOW)
    for address in (url_of(link), unsubscribe_url(donor)):
        status, said = read(Client(), address)
        assert (status, tokens_in(said)) == (200, set())


# --- Mails -----------------------------------------------------------------------------------------------------------


def every_mail_there_is(room):
    """One of each kind at least, sent."""
    after_some_months(room)
    for gift in room.gifts.values():
        if gift.donor.email:
            send_link(gift.donor.email, NOW)
            issue_copy(gift.donor, NOW.year, NOW)
    mails_to_givers.send_due(NOW)
    mails_to_staff.send_due(NOW)
    sent = SentMail.objects.filter(status=SentMail.Status.SENT)
    assert set(sent.values_list("kind", flat=True)) == set(SentMail.Kind)


def told_in(message):
    """All that a mail says, however it is wrapped; of a PDF what its pages show."""
    message = message.message()
    parts = [part for part in message.walk() if not part.is_multipart()]
    told = [part.get_payload(decode=True) for part in parts]
    return message.items(), [text_of(said) if said.startswith(b"%PDF") else said.decode() for said in told]


def assert_a_mail_tells_nobody_of_anybody_else(room):
    priya = a_fundraiser()
    type(priya).objects.filter(pk=priya.pk).update(email="priya@example.org")
    breaker.switch_on("pause", NOW, by=priya)
    every_mail_there_is(room)
    assert len(mail.outbox) > 30
    for message in mail.outbox:
        to = tokens_in(message.to)
        whose = {person for token in to for person in [room.words[token][0]]}
        own = room.of(whose.pop()) if whose else set()
        told = tokens_in(told_in(message))
        assert told <= own, message.subject
        assert not message.attachments or told >= own & room.what("name"), message.subject
    assert {token for message in mail.outbox for token in tokens_in(message.to)} & room.of("scrubbed") == set()


# --- Logs, caches, tables --------------------------------------------------------------------------------------------


def stumble(words):
    def view(*args, **kwargs):
        raise IntegrityError(f"Failing row contains ({words}).") from KeyError(words)

    return view


def everything_goes_wrong(room, monkeypatch):
    """Each way in which a request fails, with a name and an address typed into it; what readers are shown of it."""
    typed = {"name": room.word("unlucky", "name"), "email": room.email("unlucky"), "amount": "25", "frequency": "once"}
    typed |= {"visibility": "anonymous", "campaign": "canary", "token": new_token(uuid4())}
    query = f"?email={typed['email']}&name={typed['name']}"
    client = Client(raise_request_exception=False, REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=BROWSER)
    answers = [
        client.get(f"/nothing/{query}"),
        client.get(f"/donate/{query}", headers={"host": "elsewhere.example"}),
        Client(enforce_csrf_checks=True).post(
            f"/giving/{query}", typed, headers={"referer": f"http://testserver/{query}"}
        ),
        client.post(f"/stripe/webhook/{query}", json.dumps(typed), content_type="application/json"),
        client.post("/giving/", {"email": typed["email"]}),
        client.post("/admin/login/", {"username": typed["email"], "password": typed["name"]}),
    ]
    room.sandbox.fail_next(status=429)
    refused = client.post("/donate/", typed)
    with monkeypatch.context() as broken:
        broken.setattr(views.checkout, "payment_page", stumble(typed))
        answers.append(client.post("/donate/", typed))
        broken.setattr(tasks, "OLD_THINGS", [("these", stumble(typed))])
        tasks.remove_what_is_old.call_local()
    assert [answer.status_code for answer in answers] == [404, 400, 403, 400, 200, 200, 500]
    assert refused.status_code == 503
    return [answer for answer in answers[:4] + answers[-1:]]


def test_what_fails_is_logged_and_kept_without_a_name_an_address_or_a_browser(room, listener, monkeypatch):
    shown = everything_goes_wrong(room, monkeypatch)
    assert set().union(*(tokens_in(answer.content) for answer in shown)) == set()
    mails_to_givers.send_due(NOW)
    tasks.sweep.call_local()
    loud = {name for name, _, _ in listener.said}
    assert loud >= {"django.request", "django.security.DisallowedHost", "cms.logs", "cms.tasks", "donations.views"}
    assert listener.could == room.of("unlucky")
    for name, said, written in listener.said:
        assert tokens_in(said + written) == set(), (name, said)
        assert "@example.org" not in said + written, (name, said)
        assert ADDRESS not in written
        assert BROWSER not in written
    assert_no_store_knows_them()


def assert_no_store_knows_them():
    """No cache, no counter, no session; and of a visitor's address and browser nothing in any table."""
    assert tokens_in(in_the_cache()) == set()
    assert ADDRESS not in in_the_cache()
    assert tokens_in([session.get_decoded() for session in Session.objects.all()]) == set()
    rows = str([list(model.objects.values()) for model in apps.get_models()])
    assert len(tokens_in(rows)) > 20
    assert ADDRESS not in rows
    assert BROWSER not in rows


def in_the_cache():
    """Keys and values of everything that is kept for a while: by this process, or by the Redis that tests share."""
    store = cache._cache
    if isinstance(store, dict):
        kept = [(key, pickle.loads(value)) for key, value in store.items()]
        return f"{kept} {vars(tries.counters(*tries.where_kept()).storage)}"
    redis = store.get_client(write=True)
    keys = list(redis.scan_iter("*"))
    return f"{keys} {[redis.get(key) for key in keys if redis.type(key) == b'string']}"
