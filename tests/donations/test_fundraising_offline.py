"""Cheques, transfers and cash at the desk: entered by one person, confirmed by another, and only then counted."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from donations.models import Donor, Gift, Payment, Refund, SentMail
from donations.totals import public_totals, totals
from tests.donations.factories import make_campaign, make_donor, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
ENTER = reverse("admin:donations_offline_enter")
WAITING = reverse("admin:donations_offline_waiting")


@pytest.fixture(autouse=True)
def today(time_machine):
    """Noon of 13 October 2026 in New York."""
    time_machine.move_to(datetime(2026, 10, 13, 16, tzinfo=UTC), tick=False)


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


@pytest.fixture
def noor(client_of):
    """The second fundraiser."""
    return client_of(a_fundraiser(username="noor", first_name="Noor", last_name="Haddad"))


@pytest.fixture
def client_of():
    from django.test import Client

    def signed_in(person):
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@pytest.fixture
def campaign():
    return make_campaign(title="Publishing costs", is_default=True)


def text_of(response):
    return " ".join(response.content.decode().split())


def told(response):
    return [str(message) for message in response.context["messages"]]


def verb(payment, name):
    return reverse(f"admin:donations_payment_{name}", args=[payment.pk])


def slip(campaign, **changes):
    return {
        "campaign": campaign.pk,
        "amount": "1,000.00",
        "given_on": "2026-10-10",
        "channel": "cheque",
        "reference": "000123",
        "name": "Edith Crane",
        "email": "edith@example.org",
        "visibility": "named",
        **changes,
    }


def test_a_cheque_is_promised_until_another_person_confirms_it(priya, noor, campaign):
    answer = priya.post(ENTER, slip(campaign), follow=True)
    assert told(answer) == [
        "Entered: $1,000.00, promised until another person confirms it. Noor Haddad can confirm it."
    ]
    payment = Payment.objects.get()
    assert (payment.amount, payment.channel, payment.reference, payment.status) == (
        100000,
        "cheque",
        "000123",
        "pending",
    )
    assert payment.given_at == datetime(2026, 10, 10, 16, tzinfo=UTC)  # noon in New York
    assert payment.gift.public_name() == "Edith Crane"
    assert totals(campaign, timezone.now()).promised == 100000
    assert public_totals(campaign).raised == 0

    asked = text_of(noor.get(verb(payment, "confirm")))
    assert "Priya Nair entered $1,000.00 from Edith Crane for “Publishing costs”: cheque, dated Oct. 10, 2026" in asked
    assert "A receipt goes to edith@example.org." in asked
    answer = noor.post(verb(payment, "confirm"), follow=True)
    assert told(answer) == ["Confirmed: $1,000.00 counts from now on."]
    assert public_totals(campaign).raised == 100000
    assert SentMail.objects.get().payment == payment


def test_the_giver_may_stay_unknown(priya, noor, campaign):
    priya.post(ENTER, slip(campaign, name="", email="", visibility="anonymous", channel="cash", reference=""))
    payment = Payment.objects.get()
    assert Donor.objects.get().email is None
    noor.post(verb(payment, "confirm"))
    assert public_totals(campaign).raised == 100000
    assert not SentMail.objects.exists()


def test_a_known_giver_is_found_by_the_typed_address(priya, campaign):
    donor = make_donor(email="Edith@example.org")
    priya.post(ENTER, slip(campaign))
    assert Gift.objects.get().donor == donor


def test_who_entered_it_cannot_confirm_it_and_is_told(priya, campaign):
    priya.post(ENTER, slip(campaign))
    payment = Payment.objects.get()
    page = text_of(priya.get(reverse("admin:donations_payment_change", args=[payment.pk])))
    assert verb(payment, "confirm") not in page
    answer = priya.post(verb(payment, "confirm"), follow=True)
    assert told(answer)[-1] == "You entered this payment, so another person confirms it: two people see every cheque."
    payment.refresh_from_db()
    assert payment.status == "pending"
    assert "You entered it: another person confirms." in text_of(priya.get(WAITING))


def test_a_superuser_is_bound_by_it_too(client, admin_user, campaign):
    client.force_login(admin_user)
    client.post(ENTER, slip(campaign))
    client.post(verb(Payment.objects.get(), "confirm"))
    assert Payment.objects.get().status == "pending"


def test_the_database_refuses_one_person_in_both_places(campaign):
    person = a_fundraiser()
    payment = make_payment(
        channel="cheque", status="pending", entered_by=person, gift=make_gift(status="promised", livemode=None)
    )
    with pytest.raises(IntegrityError, match="payment_offline_needs_two_people"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(
            status="succeeded", confirmed_by=person, confirmed_at=timezone.now()
        )


def test_a_promise_that_never_came_is_rejected(priya, noor, campaign):
    priya.post(ENTER, slip(campaign))
    payment = Payment.objects.get()
    assert "It then never counts." in text_of(noor.get(verb(payment, "reject")))
    noor.post(verb(payment, "reject"))
    payment.refresh_from_db()
    assert payment.status == "canceled"
    assert totals(campaign, timezone.now()).promised == 0
    answer = noor.post(verb(payment, "confirm"), follow=True)
    assert told(answer)[-1] == "This payment is not waiting for anybody: it is cancelled."


def test_asking_alone_confirms_and_rejects_nothing(priya, noor, campaign):
    priya.post(ENTER, slip(campaign))
    payment = Payment.objects.get()
    noor.get(verb(payment, "confirm"))
    noor.get(verb(payment, "reject"))
    assert Payment.objects.get().status == "pending"


def test_the_list_shows_the_longest_waiting_first_with_what_the_second_person_needs(noor, campaign):
    entered = a_fundraiser()
    gifts = [make_gift(campaign=campaign, status="promised", livemode=None, name=name) for name in ("Later", "Sooner")]
    for gift, day in zip(gifts, (9, 2), strict=True):
        at = datetime(2026, 10, day, 16, tzinfo=UTC)
        make_payment(
            gift=gift,
            channel="bank",
            status="pending",
            given_at=at,
            entered_at=at,
            entered_by=entered,
            reference="TR-7",
        )
    shown = text_of(noor.get(WAITING))
    assert shown.index("Sooner") < shown.index("Later")
    assert "TR-7" in shown
    assert "Priya Nair" in shown
    assert shown.count("/confirm/") == 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": "ten"}, "amount", "“ten” is not an amount. Use digits only, such as 25 or 19.99."),
        ({"amount": "10.001"}, "amount", "“10.001” has too many decimals for USD. Type it like 25 or 19.99."),
        ({"amount": ""}, "amount", "Type an amount, such as 25 or 19.99."),
        (
            {"given_on": "2026-10-14"},
            "given_on",
            "This day is still to come. Enter the date on the cheque or statement.",
        ),
        (
            {"given_on": "2025-12-31"},
            "given_on",
            "“Publishing costs” counts gifts from Jan. 1, 2026 to Dec. 31, 2026. "
            "Check the date, or choose another campaign.",
        ),
        ({"channel": "stripe"}, "channel", "Select a valid choice. stripe is not one of the available choices."),
        ({"email": "edith"}, "email", "Enter a valid email address."),
        ({"name": ""}, "name", "Type the name that readers may see, or choose “without a name”."),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept_in_the_form(priya, campaign, changes, field, words):
    answer = priya.post(ENTER, slip(campaign, **changes))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [words]}
    assert answer.context["form"]["reference"].value() == "000123"
    assert not Gift.objects.exists()


def test_a_day_that_the_following_campaign_counts_is_taken(priya, campaign, time_machine):
    make_campaign(follows=campaign, starts=date(2027, 1, 1), ends=None)
    time_machine.move_to(datetime(2027, 2, 1, 16, tzinfo=UTC), tick=False)
    assert priya.post(ENTER, slip(campaign, given_on="2027-01-15")).status_code == 302


def test_the_same_cheque_twice_is_asked_about(priya, campaign):
    priya.post(ENTER, slip(campaign))
    answer = priya.post(ENTER, slip(campaign))
    words = "The same was entered on Oct. 13, 2026, noon. If this is another one, tick here."
    assert answer.context["form"].errors == {"another": [words]}
    assert Payment.objects.count() == 1
    assert 'type="checkbox" name="another"' in text_of(answer)
    priya.post(ENTER, slip(campaign, another="on"))
    assert Payment.objects.count() == 2


def test_another_number_is_another_cheque(priya, campaign):
    priya.post(ENTER, slip(campaign))
    priya.post(ENTER, slip(campaign, reference="000124"))
    assert Payment.objects.count() == 2


def back(refund, name):
    return reverse(f"admin:donations_refund_{name}", args=[refund.pk])


def bounced(priya, noor, campaign, **changes):
    """A confirmed cheque of $1,000.00 of which priya says that something went back."""
    priya.post(ENTER, slip(campaign))
    payment = Payment.objects.get()
    noor.post(verb(payment, "confirm"))
    typed = {"amount": "400", "reason": "The cheque bounced", "seen": 100000, **changes}
    return payment, priya.post(verb(payment, "give_back"), typed, follow=True)


def test_a_cheque_that_bounced_is_taken_off_once_another_person_confirms_it(priya, noor, campaign):
    _, answer = bounced(priya, noor, campaign)
    assert told(answer)[-1] == (
        "Entered: $400.00 went back. It is taken off once another person has confirmed it. Noor Haddad can confirm it."
    )
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.entered_by.username) == (40000, "The cheque bounced", "priya")
    assert public_totals(campaign).raised == 100000

    asked = text_of(noor.get(back(refund, "confirm")))
    assert (
        "Priya Nair says that $400.00 of $1,000.00 from Edith Crane went back (cheque, dated Oct. 10, 2026): "
        "The cheque bounced" in asked
    )
    answer = noor.post(back(refund, "confirm"), follow=True)
    assert told(answer) == ["Confirmed: $400.00 is taken off from now on."]
    assert public_totals(campaign).raised == 60000
    again = noor.post(back(refund, "drop"), follow=True)
    assert told(again)[-1] == "This reversal is not waiting for anybody: it is succeeded."
    page = text_of(priya.get(reverse("admin:donations_refund_change", args=[refund.pk])))
    assert "Noor Haddad, Oct. 13, 2026, noon" in page


def test_who_entered_a_reversal_sees_who_can_confirm_it_and_may_drop_it(priya, noor, campaign):
    bounced(priya, noor, campaign)
    refund = Refund.objects.get()
    refused = priya.post(back(refund, "confirm"), follow=True)
    assert told(refused)[-1] == (
        "You entered this reversal, so another person confirms it: two people see every cheque."
    )
    assert Refund.objects.get().status == "proposed"
    page = text_of(priya.get(reverse("admin:donations_refund_change", args=[refund.pk])))
    assert "Nobody yet. Noor Haddad can confirm it." in page
    shown = text_of(priya.get(WAITING))
    assert "What you entered yourself is for somebody else: Noor Haddad can confirm it." in shown
    assert (back(refund, "confirm") in shown, back(refund, "drop") in shown) == (False, True)
    answer = priya.post(back(refund, "drop"), follow=True)
    assert told(answer)[-1] == "Dropped: nothing is taken off."
    assert (Refund.objects.get().status, public_totals(campaign).raised) == ("canceled", 100000)


def test_what_waits_is_listed_in_one_row_payments_beside_reversals(priya, noor, campaign):
    bounced(priya, noor, campaign)
    priya.post(ENTER, slip(campaign, reference="000124", amount="77"))
    shown = text_of(noor.get(WAITING))
    assert shown.count('class="act act--main"') == 2
    assert back(Refund.objects.get(), "confirm") in shown
    assert verb(Payment.objects.get(amount=7700), "confirm") in shown
    assert "Waiting for confirmation (2)" in text_of(noor.get(reverse("admin:donations_payment_changelist")))


def test_the_same_reversal_twice_is_entered_once_and_no_more_than_is_left(priya, noor, campaign):
    payment, _ = bounced(priya, noor, campaign)
    typed = {"amount": "400", "reason": "The cheque bounced", "seen": 100000}
    twice = priya.post(verb(payment, "give_back"), typed)
    assert (twice.status_code, Refund.objects.count()) == (409, 1)
    assert "have changed since you opened this page; $600.00 is left" in text_of(twice)
    assert "$400.00 of it waits to be confirmed already." in text_of(priya.get(verb(payment, "give_back")))
    priya.post(verb(payment, "give_back"), typed | {"amount": "600", "seen": 60000})
    rest = priya.post(verb(payment, "give_back"), typed | {"amount": "1"}, follow=True)
    assert told(rest)[-1] == "All that is left of this payment waits to be confirmed as gone back."
    for refund in Refund.objects.all():
        noor.post(back(refund, "confirm"))
    assert public_totals(campaign).raised == 0
    again = priya.post(verb(payment, "give_back"), {"amount": "1", "reason": "Again"}, follow=True)
    assert told(again)[-1] == "All of this payment has gone back already."


def test_where_nobody_else_may_confirm_the_sentence_says_what_to_do(priya, campaign):
    answer = priya.post(ENTER, slip(campaign), follow=True)
    assert told(answer)[0].endswith(
        "Nobody else may confirm it yet: ask an administrator for a second person who may."
    )


def test_many_who_may_confirm_are_not_all_named(priya, noor, campaign):
    for name in ("Cleo", "Dan", "Eve"):
        a_fundraiser(username=name.lower(), first_name=name, last_name="Hall")
    answer = priya.post(ENTER, slip(campaign), follow=True)
    assert told(answer)[0].endswith("Cleo Hall, Dan Hall, Eve Hall or 1 more can confirm it.")


def test_a_refund_of_stripes_has_nothing_to_confirm(priya):
    refund = make_refund(payment=make_payment())
    answer = priya.post(back(refund, "confirm"), follow=True)
    assert told(answer)[-1] == "This refund was made through Stripe, so nobody has to confirm it."


def test_more_than_is_left_cannot_go_back(priya, campaign):
    gift = make_gift(campaign=campaign, status="given", livemode=None)
    payment = make_payment(channel="cash", gift=gift)
    answer = priya.post(verb(payment, "give_back"), {"amount": "25.01", "reason": "Too much", "seen": 2500})
    assert answer.status_code == 422
    assert "Only $25.00 of this payment can still be given back." in text_of(answer)
    assert not Refund.objects.exists()


def test_the_history_says_who_entered_and_who_confirmed(priya, noor, campaign):
    priya.post(ENTER, slip(campaign))
    payment = Payment.objects.get()
    noor.post(verb(payment, "confirm"))
    assert [(entry.user.username, entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")] == [
        ("priya", "Entered it."),
        ("noor", "Confirmed: $1,000.00 counts from now on."),
    ]


def test_reading_is_not_enough_to_enter_or_confirm(client, campaign):
    reader = a_person(username="reader")
    reader.user_permissions.add(*a_fundraiser().groups.get().permissions.filter(codename__startswith="view_"))
    client.force_login(reader)
    payment = make_payment(channel="cheque", status="pending", gift=make_gift(status="promised", livemode=None))
    assert client.get(ENTER).status_code == 404
    assert client.post(ENTER, slip(campaign)).status_code == 404
    for name in ("confirm", "reject", "give_back"):
        assert client.post(verb(payment, name)).status_code == 404
    shown = text_of(client.get(WAITING))
    assert "/confirm/" not in shown
    assert payment.money() in shown
