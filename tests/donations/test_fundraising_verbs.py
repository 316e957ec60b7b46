"""What the fundraiser does at the desk: each deed asked once more, done through Stripe, booked, and told in words."""

import re
import urllib.request
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail as outbox
from django.urls import reverse
from django.utils import timezone

from donations import ledger
from donations.models import Gift, Payment, Refund, SentMail, WebhookEvent
from donations.stripe_gateway import Gateway
from donations.totals import public_totals
from tests.donations.factories import NOON, make_dispute, make_donor, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db


def page_of(row, name="change"):
    return reverse(f"admin:donations_{row._meta.model_name}_{name}", args=[row.pk])


def text_of(response):
    return " ".join(response.content.decode().split())


def told(response):
    """The messages that the person reads after a deed."""
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


def given(sandbox, *, card="4242424242424242", **fields):
    """A gift that went all the way: form, session, hosted page, ledger."""
    gift = make_gift(**({"name": "Zoë Marsh"} | fields))
    session = Gateway().create_session(gift)
    Gift.objects.filter(pk=gift.pk).update(session_id=session.id, session_status="open")
    sandbox.pay(session.id, card=card, email=gift.donor.email, name=gift.name)
    gift.refresh_from_db()
    ledger.book_session(gift, now=timezone.now())
    gift.refresh_from_db()
    return gift


# --- Stopping a monthly gift ----------------------------------------------------------------------------------------


def test_a_monthly_gift_is_stopped_through_stripe(priya, sandbox):
    gift = given(sandbox, frequency="monthly", amount=1500)
    assert gift.status == "active"
    asked = text_of(priya.get(page_of(gift, "stop")))
    assert "Zoë Marsh gives $15.00 a month" in asked
    assert "Nothing more is charged from now on." in asked
    answer = priya.post(page_of(gift, "stop"), follow=True)
    gift.refresh_from_db()
    assert gift.status == "ended"
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    assert told(answer) == ["Stopped. Nothing more is charged; what was given stays given."]
    assert gift.payments.get().status == "succeeded"


def test_asking_alone_stops_nothing(priya, sandbox):
    gift = given(sandbox, frequency="monthly")
    priya.get(page_of(gift, "stop"))
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "active"


def test_a_stopped_gift_says_so_and_offers_no_button(priya, sandbox):
    gift = given(sandbox, frequency="monthly")
    assert page_of(gift, "stop") in text_of(priya.get(page_of(gift)))
    priya.post(page_of(gift, "stop"))
    assert page_of(gift, "stop") not in text_of(priya.get(page_of(gift)))
    again = priya.post(page_of(gift, "stop"), follow=True)
    assert told(again)[-1] == "This gift is not a monthly gift that is going on: it is ended."


def test_a_gift_that_is_stopped_and_not_booked_yet_is_told_as_stopped(priya, sandbox):
    gift = given(sandbox, frequency="monthly")
    sandbox.fail_next(times=3, verb="GET", path="subscriptions")
    answer = priya.post(page_of(gift, "stop"), follow=True)
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    assert told(answer) == [
        "Stopped. Nothing more is charged; what was given stays given. "
        "It is booked in a minute; until then this page shows the gift as it was."
    ]
    assert LogEntry.objects.get().change_message == "Stopped the monthly gift."


@pytest.mark.parametrize("status", ["unclear", "begun", "failed"])
def test_a_gift_whose_state_says_little_can_be_stopped(priya, sandbox, status):
    gift = given(sandbox, frequency="monthly")
    Gift.objects.filter(pk=gift.pk).update(status=status)
    assert page_of(gift, "stop") in text_of(priya.get(page_of(gift)))
    priya.post(page_of(gift, "stop"))
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"


def test_when_stripe_is_away_the_gift_goes_on_and_the_page_says_so(priya, sandbox):
    gift = given(sandbox, frequency="monthly")
    sandbox.fail_next(times=3, status=500)
    answer = priya.post(page_of(gift, "stop"))
    assert answer.status_code == 502
    assert "Stripe answered 500" in text_of(answer)
    gift.refresh_from_db()
    assert gift.status == "active"
    assert not LogEntry.objects.exists()


# --- Refunds ----------------------------------------------------------------------------------------------------------


def refund_form(client, payment, **changes):
    form = client.get(page_of(payment, "refund")).context["form"]
    return {name: form[name].value() for name in form.fields} | {"reason": "Given twice by mistake"} | changes


def test_a_whole_payment_is_refunded_and_booked(priya, sandbox):
    gift = given(sandbox, amount=2500)
    payment = gift.payments.get()
    answer = priya.post(page_of(payment, "refund"), refund_form(priya, payment), follow=True)
    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.status) == (payment, 2500, "succeeded")
    assert refund.reason == "Given twice by mistake"
    assert public_totals(gift.campaign).raised == 0
    assert told(answer) == ["$25.00 goes back to Zoë Marsh."]


def test_a_part_of_a_payment_is_refunded_to_the_cent(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    priya.post(page_of(payment, "refund"), refund_form(priya, payment, amount="19.99"))
    assert Refund.objects.get().amount == 1999
    assert refund_form(priya, payment)["amount"] == "5.01"


def test_the_page_before_a_refund_explains_it(priya, sandbox):
    payment = given(sandbox, amount=2500, frequency="monthly").payments.get()
    asked = text_of(priya.get(page_of(payment, "refund")))
    assert "Zoë Marsh gave $25.00" in asked
    assert "is taken off what the campaign has raised" in asked
    assert "Stripe keeps its fee." in asked
    assert "The monthly gift goes on all the same" in asked
    assert not Refund.objects.exists()


def test_pressing_twice_gives_back_once(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    priya.post(page_of(payment, "refund"), form)
    answer = priya.post(page_of(payment, "refund"), form, follow=True)
    assert Refund.objects.count() == len(sandbox.objects["refund"]) == 1
    assert told(answer)[-1] == "This refund was made already; nothing was given back twice."


def test_pressing_twice_at_once_gives_back_once(priya, sandbox):
    """The second press overtakes the first before the desk has noted it: Stripe knows the form by its key."""
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    priya.post(page_of(payment, "refund"), form)
    LogEntry.objects.all().delete()
    priya.post(page_of(payment, "refund"), form)
    assert Refund.objects.count() == len(sandbox.objects["refund"]) == 1


def test_two_forms_are_two_refunds(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    for _ in range(2):
        priya.post(page_of(payment, "refund"), refund_form(priya, payment, amount="5"))
    assert [refund.amount for refund in Refund.objects.all()] == [500, 500]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": "25.01"}, "amount", "Only $25.00 of this payment can still be given back. Type that or less."),
        ({"amount": "0"}, "amount", "The amount is zero. Type an amount above zero."),
        ({"amount": "1e1"}, "amount", "“1e1” is not an amount. Use digits only, such as 25 or 19.99."),
        ({"amount": "10.001"}, "amount", "“10.001” has too many decimals for USD. Type it like 25 or 19.99."),
        ({"reason": "  "}, "reason", "Say why, in a sentence."),
        ({"key": "not a key"}, "key", "Enter a valid UUID."),
        ({"key": "not a\0key"}, "key", "Enter a valid UUID."),
    ],
)
def test_a_refund_that_cannot_be_is_refused_in_words(priya, sandbox, changes, field, words):
    payment = given(sandbox, amount=2500).payments.get()
    answer = priya.post(page_of(payment, "refund"), refund_form(priya, payment, **changes))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [words]}
    assert not sandbox.objects["refund"]


def test_what_stripe_says_no_to_is_told_and_the_next_try_is_a_new_one(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    sandbox.refund(payment.remote_id, amount=2000)  # at Stripe's own page, and its message has not arrived
    form = refund_form(priya, payment)
    answer = priya.post(page_of(payment, "refund"), form)
    assert answer.status_code == 409
    assert re.search(r"Stripe answered 400: .*Nothing was given back by this form\.", text_of(answer))
    assert answer.context["form"]["key"].value() != form["key"]
    assert answer.context["form"]["reason"].value() == form["reason"]
    assert answer.context["form"]["amount"].value() == "5.00"
    priya.post(page_of(payment, "refund"), shown_again(answer))
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [500, 2000]


def shown_again(answer):
    """What a second press of the button on this page would send."""
    form = answer.context["form"]
    return {name: form[name].value() for name in form.fields}


def test_a_payment_that_went_back_at_stripe_already_leaves_no_form(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment)
    sandbox.refund(payment.remote_id)
    answer = priya.post(page_of(payment, "refund"), form, follow=True)
    [words] = told(answer)
    assert words.startswith("Stripe answered 400")
    assert words.endswith("All of this payment has gone back already.")
    assert Refund.objects.get().amount == 2500


@pytest.mark.parametrize("faults", [1, 3])
def test_a_refund_whose_answer_got_lost_is_made_once(priya, sandbox, faults):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    sandbox.fail_next(times=faults, status=500, after=True, path="refunds")
    answer = priya.post(page_of(payment, "refund"), form, follow=True)
    assert told(answer) == ["$5.00 goes back to Zoë Marsh."]
    again = priya.post(page_of(payment, "refund"), form, follow=True)
    assert told(again)[-1] == "This refund was made already; nothing was given back twice."
    assert len(sandbox.objects["refund"]) == 1 == Refund.objects.count()


def test_while_nobody_can_see_whether_it_was_made_the_form_keeps_its_key(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    sandbox.fail_next(times=4, status=500, after=True, path="refunds")  # making it, and three looks at the list
    answer = priya.post(page_of(payment, "refund"), form)
    assert answer.status_code == 503
    assert "Press the button again: nothing is given back twice." in text_of(answer)
    assert answer.context["form"]["key"].value() == str(form["key"])
    again = priya.post(page_of(payment, "refund"), shown_again(answer), follow=True)
    assert told(again) == ["$5.00 goes back to Zoë Marsh."]
    assert len(sandbox.objects["refund"]) == 1 == Refund.objects.count()


def test_after_an_error_that_stripe_would_repeat_the_next_press_gets_through(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    sandbox.fail_next(status=500, path="refunds")
    answer = priya.post(page_of(payment, "refund"), form)
    assert answer.status_code == 409
    assert "Stripe answered 500" in text_of(answer)
    priya.post(page_of(payment, "refund"), shown_again(answer) | {"amount": "5"})
    assert len(sandbox.objects["refund"]) == 1 == Refund.objects.count()


def test_while_stripe_is_busy_the_form_keeps_its_key(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    sandbox.fail_next(times=3, status=429, path="refunds")
    answer = priya.post(page_of(payment, "refund"), form)
    assert answer.status_code == 503
    assert answer.context["form"]["key"].value() == str(form["key"])


@pytest.mark.parametrize("status", [403, 500])
def test_a_refund_that_cannot_be_booked_at_once_is_told_as_made(priya, sandbox, status):
    payment = given(sandbox, amount=2500).payments.get()
    form = refund_form(priya, payment, amount="5")
    sandbox.fail_next(times=3, status=status, path="disputes")
    answer = priya.post(page_of(payment, "refund"), form, follow=True)
    assert told(answer) == [
        "$5.00 goes back to Zoë Marsh. Stripe gives it back; it is booked in a minute.",
    ]
    assert "Gave $5.00 back" in LogEntry.objects.get().change_message
    priya.post(page_of(payment, "refund"), form)
    assert len(sandbox.objects["refund"]) == 1


def test_only_money_that_came_through_stripe_and_is_still_there_can_be_refunded(priya):
    cheque = make_payment(channel="cheque", gift=make_gift(status="given", livemode=None))
    failed = make_payment(status="failed", fee=None)
    gone = make_payment()
    make_refund(payment=gone)
    disputed = make_payment()
    make_dispute(payment=disputed)
    for payment, words in [
        (cheque, "This payment did not come through Stripe, so Stripe cannot give it back."),
        (failed, "Only a payment that succeeded can be given back; this one is failed."),
        (gone, "All of this payment has gone back already."),
        (disputed, "All of this payment has gone back already."),
    ]:
        assert page_of(payment, "refund") not in text_of(priya.get(page_of(payment)))
        assert told(priya.get(page_of(payment, "refund"), follow=True))[-1] == words


def test_the_history_of_a_payment_says_who_gave_back_what_and_why(priya, sandbox):
    payment = given(sandbox, amount=2500).payments.get()
    priya.post(page_of(payment, "refund"), refund_form(priya, payment, amount="5"))
    history = text_of(priya.get(page_of(payment, "history")))
    assert "Gave $5.00 back: Given twice by mistake" in history
    assert "Priya Nair" in history


# --- Unattributed money -----------------------------------------------------------------------------------------------


def unattributed(sandbox):
    """Money that Stripe knows and no gift of ours does, and the message that told of it."""
    gift = given(sandbox, amount=4000)
    payment = gift.payments.get()
    intent = payment.remote_id
    SentMail.objects.all().delete()
    payment.delete()
    Gift.objects.filter(pk=gift.pk).update(session_id=None)
    event = WebhookEvent.objects.create(
        event_id="evt_lost",
        type="payment_intent.succeeded",
        object_id=intent,
        payment_intent_id=intent,
        livemode=False,
        state="ignored",
        reason="unattributed",
        received_at=NOON,
        settled_at=NOON,
    )
    return event, make_gift(name="Found Giver", amount=4000, begun_at=timezone.now())


def test_unattributed_money_is_given_a_gift_and_counts(priya, sandbox):
    event, gift = unattributed(sandbox)
    asked = text_of(priya.get(page_of(event, "attribute")))
    assert "names no gift of ours, so it is in no figure" in asked
    answer = priya.post(page_of(event, "attribute"), {"gift": str(gift.pk)}, follow=True)
    assert Payment.objects.get(remote_id=event.object_id).gift == gift
    assert told(answer) == [f"Booked for Found Giver: {gift}."]
    assert page_of(event, "attribute") not in text_of(priya.get(page_of(event)))


NO_SUCH_GIFT = "No gift through Stripe has this reference. Copy it whole from the gift's page."


def test_the_address_of_the_gifts_page_will_do_as_well(priya, sandbox):
    event, gift = unattributed(sandbox)
    priya.post(page_of(event, "attribute"), {"gift": f"http://127.0.0.1:8000{page_of(gift)}?q=found"})
    assert Payment.objects.get(remote_id=event.object_id).gift == gift


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("zoe@example.org", NO_SUCH_GIFT),
        ("00000000-0000-4000-8000-000000000000", NO_SUCH_GIFT),
        ("", "Paste our reference of the gift, or choose the campaign of a new one."),
    ],
)
def test_a_gift_is_named_by_its_reference_alone(priya, sandbox, reference, words):
    event, _ = unattributed(sandbox)
    answer = priya.post(page_of(event, "attribute"), {"gift": reference})
    assert answer.context["form"].errors == {"gift": [words]}
    assert not Payment.objects.exists()


def test_an_event_of_booked_money_is_not_for_giving_away(priya):
    event = WebhookEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="ch_1", livemode=False, received_at=NOON
    )
    assert page_of(event, "attribute") not in text_of(priya.get(page_of(event)))
    answer = priya.post(page_of(event, "attribute"), {"gift": str(make_gift().pk)}, follow=True)
    assert told(answer) == ["This message tells of no money that still lacks a gift."]


# --- Mails ------------------------------------------------------------------------------------------------------------


def a_mail(**fields):
    payment = make_payment(gift=make_gift(status="given", donor=make_donor(email="sam@example.org")))
    ours = {"kind": "receipt", "key": "one", "gift": payment.gift, "payment": payment, "queued_at": NOON}
    return SentMail.objects.create(**(ours | fields))


def test_a_mail_that_got_stuck_is_sent_again(priya, settings, django_capture_on_commit_callbacks):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail = a_mail(status="sending", sending_at=NOON)
    asked = text_of(priya.get(page_of(mail, "resend")))
    assert "nobody knows whether it arrived" in asked
    with django_capture_on_commit_callbacks(execute=True):
        answer = priya.post(page_of(mail, "resend"), follow=True)
    mail.refresh_from_db()
    assert mail.status == "sent"
    assert [message.to for message in outbox.outbox] == [["sam@example.org"]]
    assert told(answer) == ["Queued: it goes out within a minute."]


@pytest.mark.parametrize(
    ("status", "ago", "words"),
    [
        ("queued", 60, "This mail is queued: it goes out by itself as soon as the worker runs."),
        ("sent", 60, "This mail has gone out, and no mail is sent twice."),
        ("sending", 5, "This mail is being sent right now. Wait ten minutes; then it can be sent again."),
    ],
)
def test_a_mail_on_its_way_is_left_alone(priya, status, ago, words):
    begun = timezone.now() - timedelta(minutes=ago)
    times = {"sending": {"sending_at": begun}, "sent": {"sending_at": begun, "sent_at": begun}}
    mail = a_mail(status=status, **times.get(status, {}))
    assert page_of(mail, "resend") not in text_of(priya.get(page_of(mail)))
    answer = priya.post(page_of(mail, "resend"), follow=True)
    assert told(answer) == [words]
    mail.refresh_from_db()
    assert mail.status == status


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_reading_is_not_enough_for_a_deed(client, method):
    reader = a_person(username="reader")
    reader.user_permissions.add(*a_fundraiser().groups.get().permissions.filter(codename__startswith="view_"))
    client.force_login(reader)
    payment, mail = make_payment(), a_mail(status="sent", sent_at=NOON)
    gift = make_gift(frequency="monthly", status="active", anchor=NOON)
    event = WebhookEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="ch_1", livemode=False, received_at=NOON
    )
    deeds = [page_of(payment, "refund"), page_of(gift, "stop"), page_of(mail, "resend"), page_of(event, "attribute")]
    assert [getattr(client, method)(deed).status_code for deed in deeds] == [404] * 4
    for row in (payment, gift, mail, event):
        shown = text_of(client.get(page_of(row)))
        assert not any(deed in shown for deed in deeds)


def test_a_deed_on_a_row_that_is_not_there_is_not_found(priya):
    nobody = "00000000-0000-4000-8000-000000000000"
    assert priya.get(reverse("admin:donations_gift_stop", args=[nobody])).status_code == 404
    assert priya.get(reverse("admin:donations_payment_refund", args=[999])).status_code == 404
    assert priya.get(reverse("admin:donations_payment_refund", args=["abc"])).status_code == 404


def test_the_link_to_the_sandbox_shows_the_payment_there(priya, sandbox):
    payment = given(sandbox).payments.get()
    page = text_of(priya.get(page_of(payment)))
    link = re.search(r'href="(http://127\.0\.0\.1:\d+/\?q=pi_\w+)"', page)[1]
    with urllib.request.urlopen(link, timeout=5) as answer:
        shown = answer.read().decode()
    assert answer.status == 200
    assert payment.remote_id in shown
