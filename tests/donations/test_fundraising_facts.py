"""Facts about money at the desk: found, read, linked to Stripe, and never typed."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse

from donations.models import Dispute, Donor, Gift, Payment, Refund, SentMail, WebhookEvent
from tests.donations.factories import (
    NOON,
    make_campaign,
    make_dispute,
    make_donor,
    make_gift,
    make_payment,
    make_refund,
)
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
FACTS = [Donor, Gift, Payment, Refund, Dispute, WebhookEvent, SentMail]


def url(model, page, *args):
    return reverse(f"admin:donations_{model._meta.model_name}_{page}", args=args)


def an_event(**fields):
    ours = {"event_id": "evt_1", "type": "payment_intent.succeeded", "object_id": "pi_zoe", "livemode": False}
    return WebhookEvent.objects.create(**(ours | {"received_at": NOON} | fields))


def a_mail(*, payment, **fields):
    ours = {"kind": "receipt", "key": payment.remote_id, "gift": payment.gift, "payment": payment}
    return SentMail.objects.create(**(ours | {"queued_at": NOON} | fields))


@pytest.fixture
def zoe():
    """A monthly gift with one row of every fact."""
    gift = make_gift(
        donor=make_donor(email="zoe@example.org"),
        name="Zoë Marsh",
        frequency="monthly",
        status="active",
        anchor=NOON,
        session_id="cs_test_zoe",
        stripe_customer="cus_zoe",
        stripe_subscription="sub_zoe",
    )
    payment = make_payment(gift=gift, remote_id="pi_zoe", charge_id="ch_zoe", invoice_id="in_zoe")
    refund = make_refund(payment=payment, amount=500, remote_id="re_zoe", reason="Given twice")
    dispute = make_dispute(payment=payment, remote_id="du_zoe", amount=1000, moved=1000, status="needs_response")
    event = an_event(gift=gift, payment_intent_id="pi_zoe")
    mail = a_mail(payment=payment)
    return {Donor: gift.donor, Gift: gift, Payment: payment, Refund: refund, Dispute: dispute} | {
        WebhookEvent: event,
        SentMail: mail,
    }


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


@pytest.mark.parametrize("model", FACTS)
def test_the_fundraiser_reads_every_fact(priya, zoe, model):
    listed = priya.get(url(model, "changelist"))
    assert listed.status_code == 200
    assert listed.context["cl"].result_count == 1
    page = priya.get(url(model, "change", zoe[model].pk))
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("model", FACTS)
@pytest.mark.parametrize("who", ["fundraiser", "superuser"])
def test_nobody_adds_changes_or_deletes_a_fact(client, admin_user, zoe, model, who):
    client.force_login(admin_user if who == "superuser" else a_fundraiser())
    before = model.objects.values().get()
    assert client.get(url(model, "add")).status_code == 404
    assert client.post(url(model, "add"), {}).status_code == 404
    assert client.post(url(model, "change", zoe[model].pk), {"amount": 1, "status": "given"}).status_code == 404
    assert client.post(url(model, "delete", zoe[model].pk), {"post": "yes"}).status_code == 404
    client.post(url(model, "changelist"), {"action": "delete_selected", "_selected_action": [zoe[model].pk]})
    assert model.objects.values().get() == before


def test_no_page_of_a_fact_offers_a_field_or_a_button_that_saves(priya, zoe):
    for model in FACTS:
        answer = priya.get(url(model, "change", zoe[model].pk))
        page = answer.content.decode()
        assert (answer.status_code, 'class="facts' in page) == (200, True)
        assert 'name="_save"' not in page
        assert "deletelink" not in page


GIVER = ["Zoë", "marsh", "zoe@example.org"]
FOUND_BY = [
    (Donor, [*GIVER, "cus_zoe"]),
    (Gift, [*GIVER, "cs_test_zoe", "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe", "in_zoe"]),
    (Payment, [*GIVER, "cs_test_zoe", "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe", "in_zoe", "re_zoe", "du_zoe"]),
    (Refund, [*GIVER, "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe", "re_zoe"]),
    (Dispute, [*GIVER, "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe", "du_zoe"]),
    (WebhookEvent, [*GIVER, "cs_test_zoe", "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe", "evt_1"]),
    (SentMail, [*GIVER, "cs_test_zoe", "cus_zoe", "sub_zoe", "pi_zoe", "ch_zoe"]),
]


@pytest.mark.parametrize(("model", "terms"), FOUND_BY)
def test_a_fact_is_found_by_name_address_or_an_id_of_stripes(priya, zoe, model, terms):
    other = make_payment(gift=make_gift(name="Somebody Else", stripe_customer="cus_other", session_id="cs_other"))
    make_refund(payment=other), make_dispute(payment=other), a_mail(payment=other)
    an_event(event_id="evt_other", gift=other.gift, object_id="pi_other")
    lists = {term: priya.get(url(model, "changelist"), {"q": term}).context["cl"].result_list for term in terms}
    found = {term: [row.pk for row in listed] for term, listed in lists.items()}
    assert found == {term: [zoe[model].pk] for term in terms}


def test_a_part_of_an_id_or_a_percent_sign_finds_nothing_by_accident(priya, zoe):
    for term in ["pi_", "%", "cus"]:
        assert priya.get(url(Gift, "changelist"), {"q": term}).context["cl"].result_count == 0


@pytest.mark.parametrize(
    ("model", "filters"),
    [
        (Gift, {"frequency__exact": "monthly", "status__exact": "active", "mode": "test"}),
        (Payment, {"gift__frequency__exact": "monthly", "status__exact": "succeeded", "mode": "test"}),
        (Refund, {"payment__gift__frequency__exact": "monthly", "status__exact": "succeeded"}),
        (WebhookEvent, {"gift__frequency__exact": "monthly", "state__exact": "received", "mode": "test"}),
        (SentMail, {"gift__frequency__exact": "monthly", "status__exact": "queued"}),
    ],
)
def test_a_list_is_narrowed_by_campaign_frequency_status_and_mode(priya, zoe, model, filters):
    make_payment(gift=make_gift(status="given"))
    campaign = {Gift: "campaign", Payment: "gift__campaign", Refund: "payment__gift__campaign"}
    path = campaign.get(model, "gift__campaign")
    listed = priya.get(url(model, "changelist"), filters | {f"{path}__id__exact": zoe[Gift].campaign_id})
    assert [row.pk for row in listed.context["cl"].result_list] == [zoe[model].pk]


def test_gifts_and_payments_can_be_walked_by_date(priya):
    make_payment(
        gift=make_gift(status="given", begun_at=NOON - timedelta(days=40)), given_at=NOON - timedelta(days=40)
    )
    latest = make_payment()
    assert priya.get(url(Gift, "changelist"), {"begun_at__month": 10, "begun_at__year": 2026}).context[
        "cl"
    ].result_list[0].pk == (latest.gift_id)
    listed = priya.get(url(Payment, "changelist"), {"given_at__month": 10, "given_at__year": 2026})
    assert [row.pk for row in listed.context["cl"].result_list] == [latest.pk]


def test_the_mode_of_money_is_told(priya):
    cheque = make_payment(channel="cheque", gift=make_gift(status="given", livemode=None))
    live = make_payment(livemode=True, gift=make_gift(status="given", livemode=True))
    shown = priya.get(url(Payment, "changelist")).content.decode()
    assert shown.count(">Live<") >= 1
    assert '<td class="field-mode">Live</td>' in shown
    assert '<td class="field-mode">Offline</td>' in shown
    assert cheque.livemode is None
    assert live.livemode is True


@pytest.mark.parametrize(
    ("live", "expected"),
    [(False, "https://dashboard.stripe.com/test/payments/pi_1"), (True, "https://dashboard.stripe.com/payments/pi_1")],
)
def test_a_payment_leads_to_stripes_own_page(priya, settings, live, expected):
    settings.STRIPE_API_BASE = ""
    payment = make_payment(remote_id="pi_1", livemode=live)
    page = priya.get(url(Payment, "change", payment.pk)).content.decode()
    assert f'href="{expected}" target="_blank" rel="noopener noreferrer"' in page


def test_with_a_sandbox_the_link_leads_to_its_control_page(priya, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:8001"
    payment = make_payment(remote_id="pi_1")
    page = priya.get(url(Payment, "change", payment.pk)).content.decode()
    assert 'href="http://127.0.0.1:8001/?q=pi_1" target="_blank" rel="noopener noreferrer"' in page
    assert "dashboard.stripe.com" not in page


@pytest.mark.parametrize(
    ("model", "ids"),
    [
        (Gift, ["subscriptions/sub_zoe", "customers/cus_zoe"]),
        (Payment, ["payments/pi_zoe", "payments/ch_zoe", "invoices/in_zoe"]),
        (Refund, ["payments/pi_zoe"]),
        (Dispute, ["disputes/du_zoe"]),
        (WebhookEvent, ["events/evt_1", "payments/pi_zoe"]),
    ],
)
def test_every_fact_leads_to_its_object_at_stripe(priya, settings, zoe, model, ids):
    settings.STRIPE_API_BASE = ""
    page = priya.get(url(model, "change", zoe[model].pk)).content.decode()
    for one in ids:
        assert f'href="https://dashboard.stripe.com/test/{one}"' in page


def test_a_list_of_fifty_payments_asks_no_more_than_a_list_of_two(priya, django_assert_max_num_queries):
    campaign = make_campaign()
    for _ in range(50):
        make_payment(gift=make_gift(campaign=campaign, status="given"))
    for model in (Payment, Gift):
        with django_assert_max_num_queries(16):
            assert priya.get(url(model, "changelist")).status_code == 200


def seen(client, address):
    return " ".join(client.get(address).content.decode().split())


def test_the_desk_tells_what_a_changed_monthly_gift_gives_now_and_what_it_was_begun_with(priya, zoe):
    Gift.objects.update(amount=700, monthly_amount=1200)
    Payment.objects.update(amount=900)
    gift = url(Gift, "change", zoe[Gift].pk)
    assert "$12.00 a month from Zoë Marsh" in seen(priya, gift)
    assert "$7.00" in seen(priya, gift).split("Begun with")[1].split("</")[1]
    for address in (url(Gift, "changelist"), url(Donor, "change", zoe[Donor].pk), url(Gift, "stop", zoe[Gift].pk)):
        assert "$12.00" in seen(priya, address), address
        assert "$7.00" not in seen(priya, address), address


def test_gifts_stand_in_the_order_of_what_they_give_now(priya):
    ours = {"frequency": "monthly", "status": "active", "anchor": NOON, "campaign": make_campaign()}
    small = make_gift(amount=9900, monthly_amount=500, **ours)
    once = make_gift(amount=1000, campaign=ours["campaign"])
    large = make_gift(amount=500, monthly_amount=2000, **ours)
    listed = priya.get(url(Gift, "changelist"), {"o": "1"}).context["cl"].result_list
    assert list(listed) == [small, once, large]


def test_the_desk_shows_who_wants_no_mails_and_whom_it_may_write_to(priya, zoe):
    gift, donor = url(Gift, "change", zoe[Gift].pk), url(Donor, "change", zoe[Donor].pk)
    Gift.objects.update(may_write_at=NOON)
    assert "Oct. 1, 2026" in seen(priya, gift).split("May be written to, since")[1][:200]
    Donor.objects.update(mails_refused_at=NOON)
    assert "Oct. 1, 2026" not in seen(priya, gift).split("May be written to, since")[1][:200]
    assert "Oct. 1, 2026" in seen(priya, donor).split("Wants no mails but receipts, since")[1][:200]


def test_every_fact_is_registered_as_one():
    from donations.admin.facts import Facts

    assert all(isinstance(admin.site.get_model_admin(model), Facts) for model in FACTS)


@pytest.mark.parametrize("model", FACTS, ids=lambda model: model._meta.model_name)
@pytest.mark.parametrize("query", ["q=%00", "status__exact=%00", "type__exact=%00", "reference=%00"])
def test_a_list_asked_for_with_a_nul_is_shown_without_it(priya, model, query):
    answer = priya.get(f"{url(model, 'changelist')}?{query}", follow=True)

    assert answer.status_code == 200


@pytest.mark.parametrize("model", [Gift, Payment], ids=["gift", "payment"])
def test_an_export_asked_for_with_a_nul_leads_back_to_the_list(priya, model):
    answer = priya.get(f"{url(model, 'export')}?status__exact=%00")

    assert (answer.status_code, answer.url) == (302, f"{url(model, 'changelist')}?e=1")


YEARS = pytest.mark.parametrize(
    "year", ["-1", "0", "10000", str(2**31), str(2**63), "9" * 5000], ids=lambda year: year[:12]
)


@YEARS
@pytest.mark.parametrize(("model", "column"), [(Gift, "begun_at"), (Payment, "given_at")], ids=["gift", "payment"])
def test_a_list_asked_for_a_year_that_no_calendar_has_is_shown_without_it(priya, model, column, year):
    for page in ("changelist", "export"):
        answer = priya.get(f"{url(model, page)}?{column}__year={year}")
        assert (answer.status_code, answer.url) == (302, f"{url(model, 'changelist')}?e=1")


@pytest.mark.parametrize("model", FACTS, ids=lambda model: model._meta.model_name)
def test_a_row_named_by_a_nul_does_not_exist(priya, model):
    answer = priya.get(url(model, "change", "%00").replace("%2500", "%00"))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")  # as Django's admin does for any unknown row


@pytest.mark.parametrize(("currency", "words"), [("ISK", "2500 minor units of ISK"), ("EUR", "€25.00")])
def test_money_in_another_currency_is_shown_and_breaks_no_page(priya, currency, words):
    payment = make_payment(currency=currency, fee_currency=currency)
    rows = [payment, make_refund(payment=payment), make_dispute(payment=payment)]
    for row in rows:
        for path in (url(type(row), "changelist"), url(type(row), "change", row.pk)):
            answer = priya.get(path)
            assert answer.status_code == 200
            assert words in answer.content.decode(), path
    assert words in str(payment)
    assert priya.get(url(Payment, "refund", payment.pk), follow=True).status_code == 200
    assert priya.get(url(Gift, "change", payment.gift_id)).status_code == 200
