"""How often somebody may try, the trap for robots, and a run of card testers against the gift form."""

import re
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from donations import breaker, forms, tries, views
from donations.models import Breaker, Gift, SentMail, WebhookEvent
from donations.stripe_facts import SessionFacts
from donations.stripe_gateway import Gateway
from donations.tries import address_of, by_address

from .factories import make_campaign, make_user
from .fundraisers import a_fundraiser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept_in_memory")]
LIBRARY = "81.2.69.142"
FORM = {"frequency": "once", "amount": "", "amount_other": "25"}
FORM |= {"campaign": "publishing-costs", "visibility": "anonymous"}


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)


@pytest.fixture(autouse=True)
def pages(monkeypatch, settings):
    """The payment pages that Stripe was asked for, each a gift's."""
    made = []

    def create_session(self, gift):
        made.append(gift)
        return a_page(f"cs_test_{len(made)}")

    settings.STRIPE_SECRET_KEY = "sk_test_ours"
    monkeypatch.setattr(Gateway, "create_session", create_session)
    monkeypatch.setattr(Gateway, "session", lambda self, session_id: a_page(session_id))
    monkeypatch.setattr(Gateway, "expire_session", lambda self, session_id: None)
    return made


def a_page(session_id):
    nothing = {"gift": "", "payment_intent": "", "subscription": "", "customer": ""}
    return SessionFacts(id=session_id, status="open", url=f"https://checkout.stripe.com/{session_id}", **nothing)


def a_form(**changes):
    return FORM | {"email": "ann@example.org", "token": forms.new_token(uuid.uuid4())} | changes


def another(number, **changes):
    """The form of another person."""
    return a_form(email=f"reader{number}@example.org", **changes)


def send(fields, *, address=LIBRARY):
    return Client().post("/donate/", fields, REMOTE_ADDR=address)


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- The visitor's address -------------------------------------------------------------------------------------------


def told(forwarded="", remote="10.0.0.5"):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "found"),
    [
        (0, "81.2.69.142", "10.0.0.5"),
        (1, "81.2.69.142", "81.2.69.142"),
        (1, "1.1.1.1, 81.2.69.142", "81.2.69.142"),
        (2, "1.1.1.1, 81.2.69.142, 10.0.0.9", "81.2.69.142"),
        (2, "81.2.69.142", "10.0.0.5"),
        (1, "", "10.0.0.5"),
        (1, "::ffff:81.2.69.142", "81.2.69.142"),
        (1, "unknown", "None"),
        (1, "81.2.69.142:50310", "81.2.69.142"),
        (1, "[2a01:4f8::1]:443", "2a01:4f8::1"),
        (1, "[2a01:4f8::1]", "2a01:4f8::1"),
        (1, "2a01:4f8::1", "2a01:4f8::1"),
        (1, "81.2.69.142:50310:1", "None"),
    ],
)
def test_only_what_our_own_proxies_say_of_an_address_is_believed(settings, trusted, forwarded, found):
    settings.TRUSTED_PROXIES = trusted
    assert str(address_of(told(forwarded))) == found


def test_what_is_no_address_is_logged_once_and_not_repeated(settings, caplog):
    settings.TRUSTED_PROXIES = 1
    tries.say_once_that_limits_are_off.cache_clear()
    for forwarded in ("zoe-marsh-pc", "zoe-marsh-pc:80"):
        assert address_of(told(forwarded)) is None
    (logged,) = caplog.messages
    assert logged.startswith("What stands for a visitor's address is none, so tries are not limited by address.")
    assert "zoe" not in caplog.text


def test_an_address_is_counted_as_a_house_and_as_a_network():
    assert by_address(told(remote="81.2.69.142")) == {"address": "81.2.69.142/32", "network": "81.2.69.0/24"}
    six = by_address(told(remote="2a01:4f8:1:2:3::4"))
    assert six == {"address": "2a01:4f8:1:2::/64", "network": "2a01:4f8:1::/48"}


@pytest.mark.parametrize("remote", ["127.0.0.1", "10.0.0.5", "::1", "", "unix:"])
def test_the_proxys_own_address_is_nobodys(remote):
    assert by_address(told(remote=remote)) == {}


# --- How often -------------------------------------------------------------------------------------------------------


def test_a_try_too_many_with_one_address_of_mail_keeps_what_was_typed_and_says_when(pages):
    for _ in range(6):
        assert send(a_form(), address="").status_code == 303
    answer = send(a_form(name="Ann Lee", email="Ann@Example.org"), address="")

    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert "Many gifts were tried with this e-mail address in a few minutes." in words(answer)
    assert "Nothing was charged, and what you typed is kept: press the button again in 10 minutes." in words(answer)
    assert answer.context["form"]["name"].value() == "Ann Lee"
    assert answer.context["form"]["amount_other"].value() == "25"
    assert "no-store" in answer["Cache-Control"]
    assert len(pages) == 6


def test_after_the_time_that_was_named_the_form_goes_on(pages, time_machine):
    form = a_form()
    for _ in range(6):
        send(a_form())
    assert send(form).status_code == 429

    time_machine.shift(601)
    assert send(form).status_code == 303


def test_thirty_people_of_one_library_give_in_ten_minutes_and_their_neighbours_after_them(pages):
    answers = [send(another(number)).status_code for number in range(31)]
    assert answers == [303] * 30 + [429]
    assert send(another(31)).status_code == 429
    assert send(another(32), address="81.2.69.143").status_code == 303


def test_a_network_is_counted_as_a_whole(pages, monkeypatch):
    monkeypatch.setitem(tries.GIFT, "network", tries.parse("5/10 minutes"))
    codes = [send(another(number), address=f"81.2.69.{number}").status_code for number in range(6)]
    assert codes == [303] * 5 + [429]
    assert send(another(6), address="81.2.70.1").status_code == 303


def test_what_one_address_is_refused_does_not_use_up_the_others_share(pages, monkeypatch):
    monkeypatch.setitem(tries.GIFT, "address", tries.parse("3/10 minutes"))
    monkeypatch.setitem(tries.GIFT, "campaign", tries.parse("4/10 minutes"))
    for number in range(9):
        send(another(number))
    assert send(another(9), address="9.9.9.9").status_code == 303


def test_one_form_leads_to_ten_pages_whoever_fills_it_in(pages):
    form = a_form()
    codes = [
        send(form | {"email": f"r{number}@example.org"}, address=f"81.{number}.1.1").status_code
        for number in range(11)
    ]
    assert codes == [303] * 10 + [429]


def test_what_is_wrong_is_put_right_as_often_as_it_takes(pages):
    for _ in range(12):
        assert send(a_form(amount_other="nothing")).status_code == 422
    assert send(a_form()).status_code == 303


def test_a_store_that_does_not_answer_hinders_no_gift(pages, settings, caplog):
    settings.CACHES = {"default": {"LOCATION": "redis://127.0.0.1:1/0", "KEY_PREFIX": "x"}}
    assert send(a_form()).status_code == 303
    assert "Tries are not counted" in caplog.text
    assert LIBRARY not in caplog.text


@pytest.mark.parametrize(
    ("cache", "place"),
    [
        ({"LOCATION": "redis://cache:6379/1", "KEY_PREFIX": "news"}, ("redis://cache:6379/1", "news:tries")),
        ({"LOCATION": ["rediss://a:1", "rediss://b:1"]}, ("rediss://a:1", ":tries")),
        ({"LOCATION": "", "KEY_PREFIX": "news"}, ("memory://", "news:tries")),
        ({}, ("memory://", ":tries")),
    ],
)
def test_tries_are_counted_in_the_caches_redis_or_in_memory(settings, cache, place):
    settings.CACHES = {"default": cache}
    assert tries.where_kept() == place


def test_neither_the_counters_nor_the_log_nor_a_row_know_an_address(pages, caplog):
    caplog.set_level("INFO")
    form = a_form()
    for _ in range(7):
        send(form)

    names = list(tries.counters(*tries.where_kept()).storage.storage)
    assert len(names) == 5
    assert "A gift was one too many of its email." in caplog.text
    for secret in (LIBRARY, "81.2.69.0", "ann@example.org"):
        assert not [name for name in names if secret in name]
        assert secret not in caplog.text


# --- The trap --------------------------------------------------------------------------------------------------------


def test_the_trap_is_out_of_sight_of_screen_readers_and_of_the_tab_order():
    html = Client().get("/donate/").content.decode()
    trap = re.search(r'<div class="visually-hidden" aria-hidden="true">.*?</div>', html, re.DOTALL)[0]
    assert 'name="subject"' in trap
    assert 'tabindex="-1"' in trap
    assert 'autocomplete="off"' in trap


def test_a_form_with_the_trap_filled_in_does_not_reach_stripe_and_a_person_can_empty_it(pages):
    fields = a_form(subject="Great site", name="Ann Lee")
    answer = send(fields)

    assert answer.status_code == 422
    assert "Empty this field and press the button again." in words(answer)
    assert answer.context["form"]["subject"].value() == "Great site"
    assert 'aria-hidden="true"' not in answer.content.decode().split('id="id_subject"')[0][-200:]
    assert pages == []

    assert send(fields | {"subject": " "}).status_code == 303


def test_the_empty_trap_makes_no_other_gift(pages):
    fields = a_form()
    send(fields | {"subject": ""})
    send(fields)
    assert Gift.objects.count() == 1


# --- Paused, or not so small -----------------------------------------------------------------------------------------


def test_while_gifts_once_are_paused_the_form_says_so_and_monthly_gifts_go_on(pages, now):
    breaker.switch_on("pause", now, by=make_user())
    html = Client().get("/donate/").content.decode()
    assert "Gifts once are paused for a while." in html
    assert "checked" not in "".join(re.findall(r'<input type="radio" name="frequency"[^>]*>', html))

    answer = send(a_form(name="Ann Lee"))
    assert answer.status_code == 422
    assert "Choose every month, or come back later." in words(answer)
    assert answer.context["form"]["name"].value() == "Ann Lee"
    assert (pages, Gift.objects.count()) == ([], 0)

    assert send(a_form(frequency="monthly")).status_code == 303


def test_while_new_monthly_gifts_are_paused_the_form_says_so_and_gifts_once_go_on(pages, now):
    breaker.switch_on("pause", now, by=make_user(), of="monthly")
    page = Client().get("/donate/?frequency=monthly")
    assert "New monthly gifts are paused for a while." in words(page)
    assert "Monthly gifts that have begun go on. You can give once as ever." in words(page)
    assert "checked" not in "".join(re.findall(r'<input type="radio" name="frequency"[^>]*>', page.content.decode()))

    answer = send(a_form(frequency="monthly"))
    assert answer.status_code == 422
    assert "New monthly gifts are paused for a while. Choose once, or come back later." in words(answer)
    assert (pages, Gift.objects.count()) == ([], 0)

    assert send(a_form()).status_code == 303


def test_while_all_new_gifts_are_paused_the_form_offers_no_other_way(pages, now):
    for of in Gift.Frequency.values:
        breaker.switch_on("pause", now, by=make_user(), of=of)
    told = words(Client().get("/donate/"))
    assert "Gifts are paused for a while." in told
    assert "as ever" not in told

    for frequency in Gift.Frequency.values:
        answer = send(a_form(frequency=frequency))
        assert answer.status_code == 422
        assert "Gifts are paused for a while. Come back later." in words(answer)


def test_only_a_pause_that_ends_by_itself_is_said_to_last_an_hour_or_two(pages, now):
    breaker.opened("pause", now, figures=breaker.measured(now))
    assert "Or come back later: a pause seldom lasts longer than an hour or two." in words(Client().get("/donate/"))

    breaker.switch_on("pause", now, by=make_user())
    by_hand = words(Client().get("/donate/"))
    assert "Or come back later." in by_hand
    assert "hour" not in by_hand


def test_a_form_that_has_its_page_leads_there_while_gifts_once_are_paused(pages, now):
    fields = a_form()
    first = send(fields)
    breaker.switch_on("pause", now, by=make_user())

    again = send(fields)
    assert (again.status_code, again["Location"]) == (303, first["Location"])
    assert send(fields | {"amount_other": "26"}).status_code == 422
    assert len(pages) == 1


def test_while_the_smallest_gift_is_raised_smaller_ones_are_told_and_monthly_ones_go_on(pages, now):
    breaker.switch_on("raise", now, by=make_user(), minimum=2000)
    assert "For a while the smallest gift once is $20." in Client().get("/donate/").content.decode()

    small = send(a_form(amount_other="19.99"))
    assert small.status_code == 422
    assert "For a while the smallest gift once is $20. Choose that or more, or every month." in words(small)
    assert send(a_form(amount_other="20")).status_code == 303
    assert send(a_form(amount_other="5", frequency="monthly")).status_code == 303

    breaker.switch_on("pause", now, by=make_user(), of="monthly")
    assert "Monthly gifts may be smaller." not in words(Client().get("/donate/"))
    assert "is $20. Choose that or more. " in words(send(a_form(amount_other="19.99")))


# --- A run of card testers -------------------------------------------------------------------------------------------


def an_attack(times, *, after=lambda gift: None, **fields):
    """So many forms, each from another network with another address of mail; the answers' codes.

    Nobody reads the pages that come back, and drawing them would take most of the time.
    """
    codes = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "show", lambda request, form, instead_of, status: HttpResponse(status=status))
        for number in range(times):
            email, address = f"t{number}@example.net", f"81.{number // 250}.{number % 250}.7"
            codes.append(send(a_form(email=email, amount_other="1", **fields), address=address).status_code)
            if codes[-1] == 303:
                after(Gift.objects.get(donor__email=email, frequency=(FORM | fields)["frequency"]))
    return codes


def card_refused(gift):
    """Stripe's message that the card was refused, and what the endpoint does with it. Of a monthly gift's first charge
    it names no gift.
    """
    now, number = timezone.now(), WebhookEvent.objects.count()
    ours = {"gift": gift, "state": "processed"}
    nameless = {"gift": None, "state": "ignored", "reason": WebhookEvent.REFUSED_UNNAMED}
    WebhookEvent.objects.create(
        event_id=f"evt_{number}",
        type=breaker.FAILED,
        object_id=f"pi_{gift.pk}",
        livemode=False,
        received_at=now,
        settled_at=now,
        **(nameless if gift.is_monthly else ours),
    )
    breaker.look(now)
    breaker.close_pages(now)


def test_of_five_hundred_attempts_from_changing_addresses_a_dozen_reach_stripe(pages):
    codes = an_attack(500, after=card_refused)

    assert codes == [303] * 12 + [422] * 488
    assert len(pages) == 12
    assert Breaker.objects.get().opened_by is None
    honest = send(a_form(email="honest@example.org"), address=LIBRARY)
    assert honest.status_code == 422
    assert "Choose every month, or come back later." in words(honest)
    assert send(a_form(email="honest@example.org", frequency="monthly"), address=LIBRARY).status_code == 303


def test_of_five_hundred_monthly_ones_a_dozen_reach_stripe_too_staff_are_told_and_gifts_once_go_on(pages):
    priya = a_fundraiser()
    priya.email = "priya@example.org"
    priya.save()
    codes = an_attack(500, after=card_refused, frequency="monthly")

    assert codes == [303] * 12 + [422] * 488
    assert len(pages) == 12
    assert (Breaker.objects.get().frequency, Breaker.objects.get().opened_by) == ("monthly", None)
    assert list(SentMail.objects.values_list("kind", "staff")) == [("breaker", priya.pk)]
    honest = send(a_form(email="honest@example.org", frequency="monthly"), address=LIBRARY)
    assert honest.status_code == 422
    assert "Choose once, or come back later." in words(honest)
    assert send(a_form(email="honest@example.org"), address=LIBRARY).status_code == 303


def test_whoever_goes_from_gifts_once_to_monthly_ones_finds_both_closed(pages):
    an_attack(12, after=card_refused)
    codes = an_attack(40, after=card_refused, frequency="monthly")
    assert codes == [303] * 12 + [422] * 28
    assert {send(a_form(frequency=frequency)).status_code for frequency in Gift.Frequency.values} == {422}


def test_five_hundred_cards_on_three_pages_find_the_pages_closed_and_gifts_paused(pages):
    gifts = []
    an_attack(3, after=gifts.append)
    tried = 0
    for number in range(500):
        gift = Gift.objects.get(pk=gifts[number % 3].pk)
        if gift.session_status == "open":
            card_refused(gift)
            tried += 1

    assert tried == 30
    assert list(Gift.objects.values_list("session_status", flat=True)) == ["expired"] * 3
    assert Breaker.objects.get().opened_by is None
    assert send(a_form(email="t0@example.net", amount_other="1")).status_code == 422


def test_where_stripe_says_nothing_of_them_the_campaigns_limit_holds_them(pages, monkeypatch):
    assert tries.GIFT["campaign"].amount == 200
    monkeypatch.setitem(tries.GIFT, "campaign", tries.parse("40/10 minutes"))
    codes = an_attack(100)

    assert codes == [303] * 40 + [429] * 60
    assert len(pages) == 40
    honest = send(a_form(email="honest@example.org", name="Ann Lee"), address=LIBRARY)
    assert honest.status_code == 429
    assert "Very many gifts are being tried at the moment." in words(honest)
    assert "what you typed is kept: press the button again in" in words(honest)
    assert send(a_form(email="honest@example.org", frequency="monthly"), address=LIBRARY).status_code == 303
