"""A giver's own page: what they gave, what they may change themselves, and nothing of anybody else's."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client

from donations.giving import erasing
from donations.giving.data import LEFT_OUT
from donations.giving.door import GIVER
from donations.giving.wishes import Mails, mails_to
from donations.ledger import NotBooked
from donations.models import Donor, Gift, SentMail
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeRefused, StripeUnavailable
from donations.totals import totals
from donations.urls import urlpatterns

from .factories import NOON, make_campaign, make_donor, make_gift, make_payment, make_refund, make_user
from .giving import deliver, give_monthly, open_page, subscription_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
BEGUN = datetime(2026, 8, 31, 12, tzinfo=UTC)
A_WALK = 14  # addresses below /giving/ without a token; more may come
TO_READ = ("/giving/receipts/", "/giving/statements/", "/giving/data/")


@pytest.fixture(autouse=True)
def an_afternoon(time_machine):
    time_machine.move_to(NOW, tick=False)


def at_home(donor):
    """A browser in which this giver's own page is open."""
    browser = Client()
    session = browser.session
    session[GIVER] = {"donor": donor.pk.hex, "since": NOW.timestamp()}
    session.save()
    browser.cookies["sessionid"] = session.session_key
    return browser


def words(answer, status=200):
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def page(donor):
    return words(at_home(donor).get("/giving/"))


def monthly(**fields):
    ours = {"frequency": "monthly", "amount": 1500, "monthly_amount": 1500, "status": "active", "anchor": BEGUN}
    return make_gift(**(ours | {"stripe_subscription": f"sub_{uuid4().hex}", "campaign": make_campaign()} | fields))


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# --- What is seen --------------------------------------------------------------------------------------------------


def test_gifts_stand_in_their_order_with_what_was_paid():
    donor, campaign = make_donor(email="ann@example.org"), make_campaign(title="The coast desk")
    gift = monthly(donor=donor, campaign=campaign)
    make_payment(gift=gift, amount=1500, given_at=BEGUN)
    once = make_gift(donor=donor, status="given", amount=5000)
    make_refund(payment=make_payment(gift=once, amount=5000), amount=1000)
    html = page(donor)

    assert "This page is open for <strong>ann@example.org</strong>" in html
    assert "So far you have given $55.00." in html
    assert html.index("$15.00 a month") < html.index("Given once") < html.index("What you have paid")
    assert "The next charge is on November 30, 2026." in html
    assert "For The coast desk, since August 31, 2026" in html
    assert "$10.00 went back" in html
    assert html.count(">Receipt<") == 2


def test_a_form_that_was_never_paid_is_no_gift():
    donor = make_donor()
    make_gift(donor=donor, status="begun")
    make_gift(donor=donor, status="expired")
    assert "Nothing has been given from this address yet." in page(donor)


def test_gifts_of_the_other_mode_are_not_shown():
    donor = make_donor()
    make_payment(gift=make_gift(donor=donor, status="given", livemode=True), livemode=True)
    assert "Nothing has been given from this address yet." in page(donor)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"status": "paused", "paused_until": datetime(2027, 1, 15, 5, tzinfo=UTC)},
            "Paused. It goes on by itself on January 15, 2027; the next charge is on January 31, 2027.",
        ),
        ({"status": "paused"}, "Paused. Nothing is charged until you let it go on."),
        ({"status": "past_due", "open_amount": 1500}, "$15.00 could not be charged."),
        ({"cancel_at": datetime(2026, 11, 15, tzinfo=UTC)}, "It ends on November 14, 2026; nothing more is charged."),
        (
            {"cancel_at": datetime(2026, 12, 15, 12, tzinfo=UTC)},
            "The next charge is on November 30, 2026. It ends on December 15, 2026.",
        ),
        ({"status": "ended", "ended_at": NOON}, "Stopped on October 1, 2026."),
        ({"status": "unclear"}, "It is not charged as usual"),
        ({"status": "processing"}, "The first charge is on its way."),
    ],
)
def test_how_a_monthly_gift_stands_is_said_in_words(fields, says):
    gift = monthly(**fields)
    assert says in page(gift.donor)


def test_payments_stand_in_the_year_that_they_have_where_the_newsroom_is(settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    donor = make_donor()
    gift = make_gift(donor=donor, status="given", campaign=make_campaign(timezone="America/New_York"))
    make_payment(gift=gift, given_at=datetime(2025, 12, 31, 20, tzinfo=UTC))
    html = page(donor)
    assert "<caption>2026</caption>" in html
    assert "December 31, 2025" in html


def test_what_is_on_its_way_is_shown_without_a_receipt_and_counts_in_no_sum():
    gift = make_gift(status="processing")
    make_payment(gift=gift, status="pending", fee=None)
    html = page(gift.donor)
    assert "On its way" in html
    assert "/giving/receipts/" not in html
    assert "So far you have given" not in html


def test_what_can_be_done_about_a_monthly_gift_stands_beside_it():
    gift = monthly(status="paused")
    html = page(gift.donor)
    for deed in ("amount", "resume", "card", "stop"):
        assert f'href="/giving/gifts/{gift.pk}/{deed}/"' in html
    assert f"/giving/gifts/{gift.pk}/pause/" not in html
    ended = monthly(status="ended", ended_at=NOON)
    assert f"/giving/gifts/{ended.pk}/stop/" not in page(ended.donor)


def test_giving_again_leads_to_the_form_with_the_same_amount():
    gift = make_gift(status="given", amount=1999, campaign=make_campaign(slug="coast"))
    browser = at_home(gift.donor)
    assert "/donate/?campaign=coast&amp;frequency=once&amp;amount=19.99&amp;appeal=giving" in words(
        browser.get("/giving/")
    )
    form = browser.get("/donate/?campaign=coast&frequency=once&amount=19.99&appeal=giving").context["form"]
    assert (form["frequency"].value(), form["amount_other"].value()) == ("once", "19.99")


def test_the_number_of_questions_does_not_grow_with_the_gifts(django_assert_num_queries):
    donor, campaign = make_donor(), make_campaign()
    for _ in range(5):
        make_payment(gift=make_gift(donor=donor, campaign=campaign, status="given"))
    browser = at_home(donor)
    with django_assert_num_queries(5):  # session, giver, gifts, payments, what may be written
        browser.get("/giving/")


# --- A receipt ------------------------------------------------------------------------------------------------------


def test_a_receipt_tells_what_the_mail_told_and_what_went_back():
    donor = make_donor(email="ann@example.org")
    gift = make_gift(donor=donor, status="given", name="Ann Poe", campaign=make_campaign(title="The coast desk"))
    payment = make_payment(gift=gift, amount=5000, remote_id="pi_7", statement_descriptor="HARBOR LEDGER")
    make_refund(payment=payment, amount=1000)
    make_refund(payment=payment, amount=700, status="failed")
    html = words(at_home(donor).get(f"/giving/receipts/{payment.pk}/"))
    for fact in ("Ann Poe, ann@example.org", "The coast desk", "October 1, 2026", "$50.00", "HARBOR LEDGER", "pi_7"):
        assert fact in html
    assert "$10.00, October 1, 2026" in html
    assert "$40.00" in html
    assert "$7.00" not in html


def test_there_is_a_receipt_only_for_what_came_in():
    gift = make_gift(status="processing")
    payment = make_payment(gift=gift, status="pending", fee=None)
    assert at_home(gift.donor).get(f"/giving/receipts/{payment.pk}/").status_code == 404


# --- The name -------------------------------------------------------------------------------------------------------


def test_a_gift_is_switched_between_named_and_anonymous():
    gift = make_gift(status="given")
    browser, path = at_home(gift.donor), f"/giving/gifts/{gift.pk}/name/"
    answer = browser.post(path, {"visibility": "named", "name": "  Ann   Poe "}, follow=True)
    assert "It is written down whether readers learn your name." in words(answer)
    assert "Readers see that Ann Poe gave" in words(answer)
    assert fresh(gift).public_name() == "Ann Poe"

    browser.post(path, {"visibility": "anonymous", "name": "Ann Poe"})
    assert (fresh(gift).public_name(), fresh(gift).name) == ("", "Ann Poe")


def test_a_gift_without_a_name_cannot_be_thanked_by_name():
    gift = make_gift(status="given")
    answer = at_home(gift.donor).post(f"/giving/gifts/{gift.pk}/name/", {"visibility": "named", "name": " "})
    assert "Type the name that we may publish" in words(answer, 422)
    assert fresh(gift).visibility == "anonymous"


def test_one_choice_may_hold_for_all_gifts_of_the_same_person():
    donor = make_donor()
    first, second = (make_gift(donor=donor, status="given", name="Ann", visibility="named") for _ in range(2))
    other = make_gift(status="given", name="Ida", visibility="named")
    path, browser = f"/giving/gifts/{first.pk}/name/", at_home(donor)
    browser.post(path, {"visibility": "anonymous", "name": "Ann"})
    assert (fresh(first).visibility, fresh(second).visibility) == ("anonymous", "named")
    browser.post(path, {"visibility": "anonymous", "name": "", "everywhere": "on"})
    assert (fresh(second).name, fresh(second).visibility) == ("", "anonymous")
    assert fresh(other).public_name() == "Ida"


# --- Mails ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "refused", "may_write"),
    [("letters", None, NOW), ("gifts", None, None), ("receipts", NOW, None)],
)
@pytest.mark.parametrize("before", ["letters", "gifts", "receipts"])
def test_what_may_be_mailed_is_one_choice(before, chosen, refused, may_write):
    gift = make_gift(status="given")
    browser = at_home(gift.donor)
    for choice in (before, chosen):
        assert browser.post("/giving/mails/", {"mails": choice}).status_code == 303
    assert (fresh(gift.donor).mails_refused_at, fresh(gift).may_write_at) == (refused, may_write)
    assert browser.get("/giving/mails/").context["form"]["mails"].value() == chosen


@pytest.mark.parametrize("status", ["begun", "expired", "failed"])
def test_a_form_that_nobody_paid_agrees_to_no_letters(status):
    gift = make_gift(status="given")
    make_gift(donor=gift.donor, status=status, may_write_at=NOON)
    assert mails_to(gift.donor) == Mails.GIFTS
    Gift.objects.filter(pk=gift.pk).update(may_write_at=NOON)
    assert mails_to(gift.donor) == Mails.LETTERS


def test_a_form_undoes_no_refusal_and_the_givers_own_page_does():
    refused = Donor.objects.create(email="ida@example.org", mails_refused_at=NOON)
    gift = make_gift(donor=refused, status="given", may_write_at=NOW)
    assert (gift.letters_since, mails_to(refused)) == (None, Mails.RECEIPTS)
    at_home(refused).post("/giving/mails/", {"mails": "letters"})
    assert (fresh(gift).letters_since, mails_to(fresh(refused))) == (NOW, Mails.LETTERS)


def test_whoever_gave_nothing_yet_is_offered_no_letters():
    gift = make_gift(status="failed")
    shown = words(at_home(gift.donor).get("/giving/mails/"))
    assert "what concerns your gifts" in shown
    assert "a letter about our reporting" not in shown
    assert "Choose one of these." in words(at_home(gift.donor).post("/giving/mails/", {"mails": "letters"}), 422)


def test_what_was_agreed_to_before_keeps_its_moment():
    gift = make_gift(status="given", may_write_at=NOON)
    at_home(gift.donor).post("/giving/mails/", {"mails": "letters"})
    assert fresh(gift).may_write_at == NOON


def test_a_choice_that_there_is_not_changes_nothing():
    gift = make_gift(status="given", may_write_at=NOON)
    assert "Choose one of these." in words(at_home(gift.donor).post("/giving/mails/", {"mails": "x"}), 422)
    assert "Choose what we may mail you." in words(at_home(gift.donor).post("/giving/mails/"), 422)
    assert fresh(gift).may_write_at == NOON


# --- My data --------------------------------------------------------------------------------------------------------


def test_all_that_is_held_comes_as_a_file_and_nothing_of_staff_or_others():
    donor, keeper = make_donor(email="ann@example.org"), make_user(username="keeper-of-cheques")
    gift = make_gift(donor=donor, status="given", name="Ann Poe", article_id=7, article_title="The last ferry")
    make_payment(gift=gift, channel="cheque", entered_by=keeper, reference="No. 12")
    make_refund(payment=make_payment(gift=gift, amount=5000, remote_id="pi_7"), amount=1000, reason="written by staff")
    SentMail.objects.create(kind="sign_in", key="1", donor=donor, queued_at=NOON)
    make_payment(gift=make_gift(donor=make_donor(email="ida@example.org"), name="Ida", status="given"))

    answer = at_home(donor).get("/giving/data/")
    assert answer["Content-Disposition"] == 'attachment; filename="my-gifts.json"'
    assert "no-store" in answer["Cache-Control"]
    text, told = answer.content.decode(), json.loads(answer.content)
    assert told["giver"]["email"] == "ann@example.org"
    assert [payment["amount"] for payment in told["gifts"][0]["payments"]] == [5000, 2500]
    assert told["gifts"][0]["payments"][0]["refunds"][0]["amount"] == 1000
    for theirs in ("Ann Poe", "The last ferry", "No. 12", "pi_7", "sign_in"):
        assert theirs in text
    for not_theirs in ("keeper-of-cheques", "ida@example.org", "Ida", "written by staff", '"fee"'):
        assert not_theirs not in text


def test_what_is_left_out_of_the_file_has_its_name():
    """A field that is added later is handed out, unless somebody decides otherwise."""
    for model, left_out in LEFT_OUT.items():
        assert left_out <= {field.name for field in model._meta.concrete_fields}


# --- Removing oneself ------------------------------------------------------------------------------------------------


def test_a_giver_is_removed_after_being_asked_once():
    campaign, donor = make_campaign(), make_donor(email="ann@example.org")
    make_payment(gift=make_gift(donor=donor, campaign=campaign, status="given", name="Ann Poe", visibility="named"))
    before, browser = totals(campaign, NOW), at_home(donor)
    assert "It cannot be undone." in words(browser.get("/giving/erase/"))
    assert "Tick this if you want to be removed." in words(browser.post("/giving/erase/"), 422)
    assert fresh(donor).scrubbed_at is None

    assert "You are removed" in words(browser.post("/giving/erase/", {"sure": "on"}))
    assert (fresh(donor).email, fresh(donor).scrubbed_at) == (None, NOW)
    assert totals(campaign, NOW) == before
    assert browser.get("/giving/erase/")["Location"] == "/giving/"
    assert "Mail me the link" in words(browser.get("/giving/"))


def test_whoever_gives_monthly_is_not_removed_without_stopping_it():
    gift = monthly()
    browser = at_home(gift.donor)
    assert "$15.00 a month" in words(browser.get("/giving/erase/"))
    assert "Tick this to stop them now." in words(browser.post("/giving/erase/", {"sure": "on"}), 422)
    assert fresh(gift.donor).scrubbed_at is None


def test_whoever_asks_to_be_removed_reads_what_each_monthly_gift_gives_now_and_to_what():
    gift = monthly(amount=1500, monthly_amount=2000, campaign=make_campaign(title="The coast desk"))
    shown = words(at_home(gift.donor).get("/giving/erase/"))
    assert "$20.00 a month to The coast desk" in shown
    assert "$15.00" not in shown


def test_monthly_gifts_are_stopped_at_stripe_before_anything_is_removed(client, sandbox):
    gift = give_monthly(sandbox, name="Ann Poe")
    deliver(client, sandbox)
    answer = at_home(gift.donor).post("/giving/erase/", {"sure": "on", "stop": "on"})
    assert "Nothing more will be charged." in words(answer)
    assert sandbox.objects["subscription"][subscription_of(sandbox, gift)]["status"] == "canceled"
    deliver(client, sandbox)
    assert (fresh(gift).status, fresh(gift).name, fresh(gift.donor).email) == ("ended", "", None)
    assert not SentMail.objects.filter(kind="stopped").exists()
    assert Gift.objects.get().payments.get().status == "succeeded"


TROUBLES = [
    (StripeUnavailable("Stripe did not answer."), "Stripe, which takes the payments, does not answer at the moment"),
    (StripeRefused("Stripe answered 400", 400), "Stripe refused it."),
    (StripeNotAllowed("Stripe answered 403", 403), "Write to us, and we do it for you."),
    (NotBooked("It moves."), "is being begun, paid or booked at this moment. Please try again in a minute."),
]


@pytest.mark.parametrize(("trouble", "why"), TROUBLES)
def test_nobody_is_removed_while_a_gift_goes_on_and_the_page_says_why(settings, monkeypatch, trouble, why):
    def fail(*args):
        raise trouble

    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    monkeypatch.setattr(Gateway, "cancel_subscription", fail)
    gift = monthly(name="Ann Poe")
    answer = at_home(gift.donor).post("/giving/erase/", {"sure": "on", "stop": "on"})
    page = words(answer, 503)
    assert "Nothing was removed, because what may still ask for money could not be ended." in page
    assert why in page
    assert (fresh(gift).status, fresh(gift).name, fresh(gift.donor).scrubbed_at) == ("active", "Ann Poe", None)


def test_a_payment_page_that_is_open_is_closed_with_the_giver(sandbox):
    gift = open_page(frequency="monthly")
    Gift.objects.filter(pk=gift.pk).update(session_status="open")
    at_home(gift.donor).post("/giving/erase/", {"sure": "on"})
    assert sandbox.objects["checkout.session"][gift.session_id]["status"] == "expired"
    assert fresh(gift.donor).email is None


def test_a_monthly_gift_that_began_a_moment_ago_is_stopped_too(sandbox):
    gift = give_monthly(sandbox)  # Stripe's messages have not come
    Gift.objects.filter(pk=gift.pk).update(session_status="open")
    at_home(gift.donor).post("/giving/erase/", {"sure": "on"})
    assert sandbox.objects["subscription"][subscription_of(sandbox, gift)]["status"] == "canceled"
    assert (fresh(gift).status, fresh(gift.donor).email) == ("ended", None)


def meanwhile(monkeypatch, happens, times=1):
    """What comes to pass after all was ended at Stripe, and before the person is removed."""
    scrub, left = erasing.scrubbed_at_rest, list(range(times))

    def after_all(*args):
        if left:
            left.pop()
            happens()
        return scrub(*args)

    monkeypatch.setattr(erasing, "scrubbed_at_rest", after_all)


def test_a_gift_that_is_paid_meanwhile_is_stopped_before_its_giver_is_removed(client, sandbox, monkeypatch):
    gift = open_page(frequency="monthly", name="Ann Poe")

    def pay():
        sandbox.pay(gift.session_id)
        deliver(client, sandbox)

    meanwhile(monkeypatch, pay)
    words(at_home(gift.donor).post("/giving/erase/", {"sure": "on"}))
    assert sandbox.objects["subscription"][subscription_of(sandbox, gift)]["status"] == "canceled"
    assert (fresh(gift).status, fresh(gift).name, fresh(gift.donor).email) == ("ended", "", None)


def test_a_page_that_is_opened_meanwhile_is_closed_before_its_giver_is_removed(sandbox, monkeypatch):
    donor, opened = make_donor(), []

    def begin():
        opened.append(open_page(frequency="monthly", donor=donor))
        Gift.objects.filter(pk=opened[-1].pk).update(session_status="open")

    meanwhile(monkeypatch, begin)
    words(at_home(donor).post("/giving/erase/", {"sure": "on"}))
    assert sandbox.objects["checkout.session"][opened[0].session_id]["status"] == "expired"
    assert fresh(donor).email is None


def test_whoever_gives_again_and_again_meanwhile_is_asked_to_come_back(settings, monkeypatch):
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    donor = make_donor()
    monkeypatch.setattr(Gateway, "cancel_subscription", lambda *args: None)
    monkeypatch.setattr("donations.ledger.doing.book", lambda *args, **kwargs: None)
    meanwhile(monkeypatch, lambda: monthly(donor=donor), times=9)
    assert "Please try again in a minute." in words(at_home(donor).post("/giving/erase/", {"sure": "on"}), 503)
    assert fresh(donor).scrubbed_at is None


# --- Strangers ------------------------------------------------------------------------------------------------------


def addresses(gift, payment):
    """Every address below /giving/ that a giver's own page leads to, for a gift and a payment; not the mailed ones."""
    filled = {"gift_id": gift.pk, "payment_id": payment.pk, "year": 2026}
    for pattern in urlpatterns:
        names = pattern.pattern.converters
        if str(pattern.pattern).startswith("giving/") and "token" not in names:
            yield "/" + pattern.pattern._route.replace("<uuid:", "<").replace("<int:", "<"), names, filled


def walk(people, method, gift, payment):
    """Each address, and what it answers to a browser that is new each time: one of them signs out."""
    for route, names, filled in addresses(gift, payment):
        path = route
        for name in names:
            path = path.replace(f"<{name}>", str(filled[name]))
        yield path, names, getattr(people(), method)(path)


def is_for_another_verb(path, method):
    """Pages to read take no POST, and one leaves by a button alone."""
    return method == "get" if path == "/giving/out/" else method == "post" and path.startswith(TO_READ)


def victims():
    donor = make_donor(email="ida.brandt@example.org")
    gift = monthly(donor=donor, name="Ida Brandt", campaign=make_campaign(title="Only Ida's campaign"))
    return gift, make_payment(gift=gift, amount=4321, remote_id="pi_of_ida")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_walk_finds_nothing_of_anybody_elses(method):
    gift, payment = victims()
    before = (Gift.objects.filter(pk=gift.pk).values().get(), Donor.objects.filter(pk=gift.donor_id).values().get())
    stranger = make_gift(status="given").donor
    walked = list(walk(lambda: at_home(stranger), method, gift, payment))

    assert len(walked) >= A_WALK
    for path, names, answer in walked:
        if names:  # of a gift, a payment or a year
            assert (path, answer.status_code) == (path, 405 if is_for_another_verb(path, method) else 404)
        text = b"".join(answer) if answer.streaming else answer.content
        for secret in ("ida.brandt", "Ida", "43.21", "pi_of_ida", str(gift.pk)):
            assert secret not in text.decode(errors="ignore"), path
    after = (Gift.objects.filter(pk=gift.pk).values().get(), Donor.objects.filter(pk=gift.donor_id).values().get())
    assert after == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_whoever_has_not_come_in_is_led_to_the_door(method):
    walked = list(walk(Client, method, *victims()))
    assert len(walked) >= A_WALK
    for path, _, answer in walked:
        if path not in {"/giving/", "/giving/out/"}:
            led = (405, None) if is_for_another_verb(path, method) else (302, "/giving/")
            assert (path, answer.status_code, answer.get("Location")) == (path, *led)


@pytest.mark.parametrize("path", ["/giving/receipts/99999999999999999999999999/", "/giving/gifts/x/name/"])
def test_an_address_that_nobody_has_is_not_found(path):
    assert at_home(make_donor()).get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/giving/none/", 404),
        ("get", "/giving/gifts/x/name/", 404),
        ("get", "/giving/unsubscribe/none/", 404),
        ("get", "/thanks/", 404),
        ("get", "/giving/out/", 405),
        ("put", "/giving/", 405),
        ("put", "/thanks/", 405),
        ("post", "/giving/", 403),
        ("post", "/giving/data/", 403),
        ("post", "/thanks/", 403),
    ],
)
def test_what_is_refused_there_is_kept_and_passed_on_as_little_as_a_page(method, path, status):
    browser = Client(enforce_csrf_checks=method == "post")
    answer = getattr(browser, method)(path)
    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("same-origin", "noindex")


def test_no_store_keeps_a_page_of_a_giver():
    gift, payment = victims()
    walked = list(walk(lambda: at_home(gift.donor), "get", gift, payment))
    assert len(walked) >= A_WALK
    for path, _, answer in walked:
        asks_stripe = path.endswith("/card/back/")  # which is not there in this test
        expected = 405 if is_for_another_verb(path, "get") else 503 if asks_stripe else 200
        assert (path, answer.status_code) == (path, expected)
        assert "no-store" in answer["Cache-Control"], path
