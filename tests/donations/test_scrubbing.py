"""A giver who asks to be removed: nothing says who they were, and no figure moves."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from donations.models import Donor, Gift, SentMail, WebhookEvent
from donations.owed import owe
from donations.scrubbing import scrub
from donations.tallies import differences
from donations.totals import totals

from .factories import NOON, make_campaign, make_donor, make_gift, make_payment, make_refund, make_user
from .fundraisers import a_person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)


def ida(**fields):
    """A giver whose name and address stand wherever they can stand."""
    donor = make_donor(email="ida.brandt@example.org")
    ours = {"name": "Ida Brandt", "visibility": "named", "may_write_at": NOON, "status": "given"}
    gift = make_gift(donor=donor, article_id=7, article_title="The last ferry", **(ours | fields))
    donor.links.create(made_at=NOON)
    return donor, gift


def mail(gift, **fields):
    ours = {"kind": SentMail.Kind.PAUSED, "key": f"{gift.pk}:{SentMail.objects.count()}", "queued_at": NOON}
    return SentMail.objects.create(gift=gift, **(ours | fields))


def every_text():
    """All that the tables of giving hold, as one text."""
    models = apps.get_app_config("donations").get_models()
    return str([list(model.objects.values()) for model in models])


def test_nothing_says_any_more_who_gave():
    donor, gift = ida(stop_reason="Ida is moving")
    refused = "SMTPRecipientsRefused: {'ida.brandt@example.org': (550, b'no such user')}"
    mail(gift, status="sending", sending_at=NOON, error=refused)
    assert every_text().count("ida.brandt@example.org") == 2
    assert every_text().count("Ida") == 2

    scrub(donor, NOW)

    assert "ida.brandt" not in every_text()
    assert "Ida" not in every_text()


def test_a_removed_giver_is_a_row_without_an_address():
    donor, gift = ida()
    Donor.objects.filter(pk=donor.pk).update(mails_refused_at=NOON)
    scrub(donor, NOW)
    donor.refresh_from_db()
    gift.refresh_from_db()

    assert (donor.email, donor.scrubbed_at, donor.mails_refused_at) == (None, NOW, None)
    assert (gift.name, gift.visibility, gift.may_write_at, gift.form_key) == ("", "anonymous", None, None)
    assert (gift.article_id, gift.article_title) == (7, "The last ferry")
    assert donor.links.count() == 0


def test_no_figure_moves():
    campaign = make_campaign()
    donor, gift = ida(campaign=campaign)
    make_refund(payment=make_payment(gift=gift, amount=5000), amount=1000)
    monthly = make_gift(donor=donor, campaign=campaign, frequency="monthly", status="ended")
    make_payment(gift=monthly)
    make_payment(gift=make_gift(campaign=campaign, status="given"))
    before = totals(campaign, NOW)

    scrub(donor, NOW)

    assert totals(campaign, NOW) == before
    assert (before.raised, before.supporters) == (9000, 2)
    assert differences(campaign) == []


def test_money_that_comes_after_a_giver_was_removed_counts_and_owes_them_no_mail():
    campaign = make_campaign()
    donor, gift = ida(campaign=campaign, status="processing")
    scrub(donor, NOW)
    make_payment(gift=gift, amount=4000)

    assert totals(campaign, NOW).raised == 4000
    assert owe(SentMail.Kind.STOPPED, str(gift.pk), NOW, gift=Gift.objects.get(pk=gift.pk)) is None


def test_mails_that_wait_are_dropped_and_those_that_were_sent_stay_known():
    donor, gift = ida()
    mail(gift)
    SentMail.objects.create(kind="sign_in", key="1", donor=donor, queued_at=NOON)
    sent = mail(gift, status="sent", sent_at=NOON)
    of_another = mail(make_gift())
    scrub(donor, NOW)
    assert set(SentMail.objects.all()) == {sent, of_another}


def test_nobody_else_is_touched():
    donor, _ = ida()
    other = make_gift(name="Ann Poe", visibility="named", may_write_at=NOON)
    other.donor.links.create(made_at=NOON)
    before = (list(Gift.objects.filter(pk=other.pk).values()), list(other.donor.links.values()))
    scrub(donor, NOW)
    assert (list(Gift.objects.filter(pk=other.pk).values()), list(other.donor.links.values())) == before


def test_a_second_time_removes_what_came_since_and_keeps_the_first_moment():
    donor, gift = ida()
    scrub(donor, NOW)
    Gift.objects.filter(pk=gift.pk).update(name="Ida Brandt", visibility="named")
    scrub(donor, datetime(2026, 12, 1, tzinfo=UTC))
    donor.refresh_from_db()
    gift.refresh_from_db()
    assert (donor.scrubbed_at, gift.name, gift.public_name()) == (NOW, "", "")


def test_the_same_address_gives_again_as_somebody_new():
    donor, _ = ida()
    scrub(donor, NOW)
    again = Donor.objects.for_email("ida.brandt@example.org")
    assert again.pk != donor.pk


# --- What staff or Stripe wrote --------------------------------------------------------------------------------------


def noted(row, message):
    """An entry of the desk's own log about a row."""
    entry = {"user": make_user(), "action_flag": CHANGE, "content_type": ContentType.objects.get_for_model(row)}
    return LogEntry.objects.create(**entry, object_id=str(row.pk), object_repr=str(row), change_message=message)


def test_the_desks_log_keeps_what_was_done_and_forgets_for_whom():
    donor, gift = ida()
    payment = make_payment(gift=gift)
    entries = [
        noted(donor, "Looked at."),
        noted(payment, "Gave $5.00 back: Mrs Brandt (ida.brandt@example.org) asked (form 1a)"),
        noted(gift, "IDA BRANDT called; the brandts of Hill Street are others."),
    ]
    of_another = noted(make_payment(), "Gave $5.00 back: Ida Brandt's sister, IDA.BRANDT@example.org")
    scrub(donor, NOW)
    said = [LogEntry.objects.values_list("object_repr", "change_message").get(pk=one.pk) for one in entries]
    assert said == [
        ("…", "Looked at."),
        (str(payment), "Gave $5.00 back: Mrs … (…) asked (form 1a)"),
        (str(gift), "… called; the brandts of Hill Street are others."),
    ]
    of_another.refresh_from_db()
    assert of_another.change_message == "Gave $5.00 back: …'s sister, …"


def test_what_was_typed_about_a_payment_forgets_the_name_and_keeps_the_number():
    donor, gift = ida(livemode=None)
    payment = make_payment(gift=gift, channel="bank", reference="BRANDT IDA 2026/117")
    back = make_refund(
        payment=payment,
        remote_id=None,
        status="proposed",
        reason="Ida's cheque bounced",
        entered_by=payment.entered_by,
    )
    event = WebhookEvent.objects.create(
        event_id="evt_1",
        type="charge.updated",
        object_id="ch_1",
        livemode=False,
        received_at=NOON,
        gift=gift,
        state="failed",
        reason="StripeRefused: ida.brandt@example.org is invalid",
    )
    scrub(donor, NOW)
    for row in (payment, back, event):
        row.refresh_from_db()
    assert payment.reference == "… … 2026/117"
    assert back.reason == "…'s cheque bounced"
    assert event.reason == "StripeRefused: … is invalid"


def test_a_giver_without_name_and_address_is_scrubbed_like_any_other():
    donor = make_donor()
    Donor.objects.filter(pk=donor.pk).update(email=None)
    payment = make_payment(gift=make_gift(donor=donor, status="given"), reference="117")
    scrub(donor, NOW)
    payment.refresh_from_db()
    assert payment.reference == "117"


def test_a_name_in_letters_that_need_no_spaces_is_found_in_a_sentence():
    donor, gift = ida(name="山田花子")
    entry = noted(gift, "本日山田花子様より電話")
    scrub(donor, NOW)
    entry.refresh_from_db()
    assert entry.change_message == "本日…様より電話"


# --- Afterwards, wherever staff look ---------------------------------------------------------------------------------


def test_nothing_at_the_desk_knows_the_name_or_the_address_any_more(client):
    """Lists, pages, searches and files; the sums of the same pages stay."""
    campaign = make_campaign(slug="ferry", is_default=True)
    donor, gift = ida(campaign=campaign)
    payment = make_payment(gift=gift)
    entry = noted(gift, "Ida Brandt called.")
    client.force_login(a_person(username="root", is_superuser=True))
    rows = {"donor": donor.pk, "gift": gift.pk, "payment": payment.pk, "campaign": campaign.pk}
    addresses = [
        f"/admin/donations/{name}/{pk}/{page}/" for name, pk in rows.items() for page in ("change", "history")
    ]
    addresses += [f"/admin/donations/{name}/" for name in rows] + ["/admin/", "/campaigns/ferry/"]
    addresses += [f"/admin/donations/{name}/export/" for name in ("gift", "payment")]

    def told():
        return [client.get(address, follow=True).content.decode() for address in addresses]

    assert sum("Ida" in page for page in told()) > 6
    scrub(donor, NOW)
    assert [page for page in told() if "Ida" in page or "ida.brandt" in page] == []
    for name in ("donor", "gift", "payment"):
        for asked in ("ida.brandt@example.org", "Brandt"):
            found = client.get(f"/admin/donations/{name}/?q={asked}").context["cl"].result_count
            assert found == 0
    assert LogEntry.objects.get(pk=entry.pk).change_message == "… called."
    assert "$25" in client.get("/campaigns/ferry/").content.decode()
