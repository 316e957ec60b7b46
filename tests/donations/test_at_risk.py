"""The list behind the figure "at risk": which monthly gifts failed, since when, and how often the giver was told."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from donations.admin.at_risk import gifts_at_risk
from donations.models import SentMail
from tests.donations.factories import make_campaign, make_donor, make_gift, make_payment
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:donations_at_risk")
FAILED_AT = datetime(2026, 11, 3, 15, tzinfo=UTC)


def late(*, told=0, invoice="in_1", **fields):
    """A gift whose charge failed first on 3 November and again on the 6th, of which so many mails were sent."""
    ours = {"frequency": "monthly", "status": "past_due", "amount": 1500, "monthly_amount": 1500, "anchor": FAILED_AT}
    ours |= {"open_invoice": invoice, "open_amount": 1500, "stripe_subscription": f"sub_{make_donor().pk.hex}"}
    gift = make_gift(**(ours | fields))
    for at in (FAILED_AT, FAILED_AT.replace(day=6)):
        make_payment(gift=gift, status="failed", given_at=at, invoice_id=invoice)
    make_payment(gift=gift, given_at=FAILED_AT.replace(month=10), invoice_id="in_0")
    for n in range(1, told + 1):
        mail = {"gift": gift, "queued_at": FAILED_AT, "sending_at": FAILED_AT, "sent_at": FAILED_AT.replace(day=3 + n)}
        SentMail.objects.create(kind="failing", key=f"{invoice}:{n}", status="sent", **mail)
    return gift


@pytest.fixture
def page(client):
    client.force_login(a_fundraiser())

    def get():
        answer = client.get(PAGE)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return get


def test_each_gift_tells_what_is_open_since_when_and_how_often_its_giver_was_told(page):
    gift = late(told=2, name="Ida Brandt", campaign=make_campaign(title="The coast desk"))
    html = page()
    assert reverse("admin:donations_gift_change", args=[gift.pk]) in html
    assert "Ida Brandt" in html
    assert "$15.00 a month, The coast desk" in html
    assert "November 3, 2026" in html
    assert "2 of 3, the last on November 5, 2026" in html
    assert "in_1" in html


def test_the_page_says_where_it_is_and_has_its_style_sheets(page):
    """The head that all pages of the desk of giving have from one template."""
    html = page()
    crumbs = html.partition('<div class="breadcrumbs">')[2].partition("</div>")[0]
    assert strip_tags(crumbs).split() == ["Home", "›", "Campaigns", "›", "At", "risk"]
    assert "css/fundraising.css" in html


def test_mails_of_another_month_or_unsent_do_not_count(page):
    gift = late(told=1, invoice="in_9")
    gift.open_invoice = "in_7"
    gift.save()
    SentMail.objects.create(kind="failing", key="in_7:1", gift=gift, queued_at=FAILED_AT)
    assert [(one.told, one.failed_at) for one in gifts_at_risk()] == [(0, None)]
    assert "None yet" in page()


def test_who_refused_mails_is_said_to_want_none(page):
    late(donor=make_donor())
    gift = late(invoice="in_2")
    gift.donor.mails_refused_at = FAILED_AT
    gift.donor.save()
    assert page().count("Wants none") == 1


def test_gifts_of_the_other_mode_and_those_that_are_well_are_not_listed(page):
    late(livemode=True)
    late(invoice="", status="active", open_amount=0)
    assert list(gifts_at_risk()) == []
    assert "None: every monthly gift is charged as it should be." in page()


def test_where_nothing_is_open_the_next_charge_is_the_next_try(page):
    late(invoice="", open_amount=0)
    html = page()
    assert "Nothing" in html
    assert "December 3, 2026" in html


def test_the_figure_at_risk_leads_to_the_list(client):
    client.force_login(a_fundraiser())
    campaign = make_campaign(is_default=True)
    late(campaign=campaign)
    for address in (reverse("admin:index"), reverse("admin:donations_campaign_figures", args=[campaign.pk])):
        assert PAGE in client.get(address).content.decode()


@pytest.mark.parametrize("group", ["Journalists", "Editors"])
def test_nobody_else_sees_the_list(client, group):
    client.force_login(a_person(username="somebody", group=group))
    assert client.get(PAGE).status_code == 404


def test_the_list_asks_as_little_for_many_as_for_one(page, django_assert_max_num_queries):
    for number in range(5):
        late(told=2, invoice=f"in_{number}a")
    with django_assert_max_num_queries(14):
        page()
