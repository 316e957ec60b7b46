"""A giver who asks to be removed: nothing says who they were, and no figure moves."""

from datetime import UTC, datetime

import pytest
from django.apps import apps

from donations.models import Donor, Gift, SentMail
from donations.owed import owe
from donations.scrubbing import scrub
from donations.tallies import differences
from donations.totals import totals

from .factories import NOON, make_campaign, make_donor, make_gift, make_payment, make_refund

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
