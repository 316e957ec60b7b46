"""Gifts and payments taken home as CSV: what the list shows, exact, readable, and harmless in a spreadsheet."""

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.urls import reverse

from donations.exports import disarmed
from donations.models import Donor
from tests.donations.factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
GIFTS = reverse("admin:donations_gift_export")
PAYMENTS = reverse("admin:donations_payment_export")
MORNING = datetime(2026, 10, 1, 13, 0, tzinfo=UTC)  # nine o'clock in New York


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


def rows(response):
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_payment_is_a_row_of_plain_words_exact_decimals_and_local_times(priya):
    gift = make_gift(
        campaign=make_campaign(title="Publishing costs"),
        donor=make_donor(email="zoe@example.org"),
        name="Zoë Marsh",
        status="given",
        stripe_customer="cus_zoe",
        article_title="Pier closes",
    )
    payment = make_payment(gift=gift, amount=1999, fee=88, given_at=MORNING, remote_id="pi_zoe", charge_id="ch_zoe")
    make_refund(payment=payment, amount=500)
    assert rows(priya.get(PAYMENTS)) == [
        {
            "Given at": "2026-10-01T09:00:00-04:00",
            "Campaign": "Publishing costs",
            "How often": "Once",
            "Amount": "19.99",
            "Currency": "USD",
            "Status": "Succeeded",
            "Went back so far": "5.00",
            "Stripe's fee": "0.88",
            "Currency of the fee": "USD",
            "Name": "Zoë Marsh",
            "E-mail": "zoe@example.org",
            "By": "Stripe",
            "Number on the cheque or statement": "",
            "Entered by": "",
            "Confirmed by": "",
            "Confirmed at": "2026-10-01T09:00:00-04:00",
            "Live, test or offline": "test",
            "Came from the article": "Pier closes",
            "Our reference of the gift": str(gift.pk),
            "Stripe PaymentIntent": "pi_zoe",
            "Stripe charge": "ch_zoe",
            "Stripe customer": "cus_zoe",
            "Stripe subscription": "",
        }
    ]


def test_a_gift_is_a_row_with_what_came_of_it(priya):
    gift = make_gift(
        campaign=make_campaign(title="Publishing costs", timezone="Asia/Kathmandu"),
        donor=make_donor(email="zoe@example.org"),
        name="Zoë Marsh",
        visibility="named",
        frequency="monthly",
        status="active",
        anchor=MORNING,
        amount=1500,
        begun_at=MORNING,
        stripe_subscription="sub_zoe",
        article_title="Pier closes",
        appeal="middle",
    )
    for amount in (1500, 1500):
        make_dispute(payment=make_payment(gift=gift, amount=amount), amount=100, moved=100)
    (row,) = rows(priya.get(GIFTS))
    assert (
        row.items()
        >= {
            "Begun at": "2026-10-01T18:45:00+05:45",
            "How often": "Monthly",
            "Amount": "15.00",
            "Currency": "USD",
            "Status": "Active",
            "Paid so far": "30.00",
            "Went back so far": "2.00",
            "By the appeal": "In mid-text",
            "Name": "Zoë Marsh",
            "E-mail": "zoe@example.org",
            "Name shown to readers": "yes",
            "Came from the article": "Pier closes",
            "Our reference": str(gift.pk),
            "Stripe subscription": "sub_zoe",
        }.items()
    )


def test_the_sheet_holds_what_the_list_shows(priya):
    ours, theirs = make_campaign(), make_campaign()
    wanted = make_payment(gift=make_gift(campaign=ours, status="given", name="Zoë"))
    make_payment(gift=make_gift(campaign=ours, status="given", name="Ben"))
    make_payment(gift=make_gift(campaign=theirs, status="given", name="Zoë"))
    only = {"q": "zoë", "gift__campaign__id__exact": ours.pk}
    assert [row["Stripe PaymentIntent"] for row in rows(priya.get(PAYMENTS, only))] == [wanted.remote_id]
    listed = priya.get(reverse("admin:donations_payment_changelist"), only).content.decode()
    link = unescape(re.search(f'href="({PAYMENTS}[^"]*)"', listed)[1])
    assert [row["Stripe PaymentIntent"] for row in rows(priya.get(link))] == [wanted.remote_id]


def test_more_rows_than_a_page_of_the_list_are_all_in_the_sheet(priya):
    campaign = make_campaign()
    for _ in range(60):
        make_gift(campaign=campaign, donor=make_donor())
    assert len(rows(priya.get(GIFTS))) == 60


def test_a_sheet_costs_the_same_few_queries_however_long(priya, django_assert_max_num_queries):
    campaign = make_campaign()
    for _ in range(20):
        make_payment(gift=make_gift(campaign=campaign, status="given"))
    for url in (GIFTS, PAYMENTS):
        with django_assert_max_num_queries(8):
            assert len(rows(priya.get(url))) == 20


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\r\n=1", "'\r\n=1"),
        ("＝1", "'＝1"),
        ("\tZoë", "'\tZoë"),
        ("\rZoë", "'\rZoë"),
        ("Zoë = best", "Zoë = best"),
        ("", ""),
        (None, None),
        (5, 5),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_disarmed(typed, cell):
    assert disarmed(typed) == cell


def test_a_name_that_is_a_formula_arrives_as_text(priya):
    gift = make_gift(name="=1+1", donor=make_donor(email="+plus@example.org"), status="given")
    make_payment(gift=gift)
    for url in (GIFTS, PAYMENTS):
        (row,) = rows(priya.get(url))
        assert (row["Name"], row["E-mail"]) == ("'=1+1", "'+plus@example.org")


def test_yen_have_no_decimals_and_an_unknown_fee_is_empty(priya):
    gift = make_gift(campaign=make_campaign(currency="JPY"), currency="JPY", amount=2500, status="given")
    make_payment(gift=gift, amount=2500, currency="JPY", fee=None, fee_currency="")
    (row,) = rows(priya.get(PAYMENTS))
    assert (row["Amount"], row["Stripe's fee"]) == ("2500", "")


@pytest.mark.parametrize(("status", "a_month"), [("active", "12.00"), ("paused", "12.00"), ("ended", "")])
def test_a_changed_monthly_gift_tells_what_it_was_begun_with_and_what_it_gives_now(priya, status, a_month):
    make_gift(frequency="monthly", status=status, anchor=MORNING, amount=700, monthly_amount=1200)
    (row,) = rows(priya.get(GIFTS))
    assert (row["Amount"], row["A month now"]) == ("7.00", a_month)


@pytest.mark.parametrize(
    ("status", "refused_at", "since"),
    [
        ("given", None, "2026-10-01T09:00:00-04:00"),
        ("given", MORNING, ""),
        ("begun", None, ""),
        ("expired", None, ""),
        ("failed", None, ""),
    ],
)
def test_only_a_gift_that_came_about_says_that_its_giver_may_be_written_to(priya, status, refused_at, since):
    donor = Donor.objects.create(email="ida@example.org", mails_refused_at=refused_at)
    make_gift(donor=donor, status=status, may_write_at=MORNING)
    (row,) = rows(priya.get(GIFTS))
    assert row["May be written to since"] == since


def test_a_removed_donor_keeps_a_row_without_an_address(priya):
    gift = make_gift()
    gift.donor.email, gift.donor.scrubbed_at = None, MORNING
    gift.donor.save()
    (row,) = rows(priya.get(GIFTS))
    assert row["E-mail"] == ""


def test_the_sheet_is_a_csv_file_that_no_cache_keeps(priya):
    make_gift()
    answer = priya.get(GIFTS)
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"].startswith('attachment; filename="Gift-')
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"\xef\xbb\xbf")


def test_a_filter_that_does_not_exist_leads_back_to_the_list(priya):
    answer = priya.get(GIFTS, {"nonsense__exact": "1"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:donations_gift_changelist"))
