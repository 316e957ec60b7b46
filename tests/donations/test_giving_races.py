"""Two presses in the same instant, on real connections in real threads."""

from threading import Barrier, Thread

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client

from donations import mails
from donations.models import Gift, SentMail

from .factories import make_campaign, make_gift, make_payment

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act, times):
    """Run `act` in threads that start together; what each returned."""
    gate, ends = Barrier(times), []

    def run():
        try:
            gate.wait(timeout=10)
            ends.append(act())
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ends


@pytest.mark.parametrize("time", range(3))
def test_a_button_pressed_three_times_at_once_is_one_gift_with_one_page(client, sandbox, time):
    make_campaign(is_default=True)
    token = client.get("/donate/").context["form"].initial["token"]
    fields = {"frequency": "once", "amount": "25", "email": "ann@example.org", "token": token}
    answers = at_once(lambda: Client().post("/donate/", fields), times=3)

    assert [answer.status_code for answer in answers] == [303, 303, 303]
    [url] = {answer["Location"] for answer in answers}
    [session] = sandbox.objects["checkout.session"].values()
    assert (session["url"], session["id"]) == (url, Gift.objects.get().session_id)


@pytest.mark.parametrize("time", range(3))
def test_a_mail_that_two_workers_find_is_sent_by_one(settings, now, time):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    payment = make_payment(gift=make_gift(status="given"))
    row = SentMail.objects.create(kind="receipt", key="1", gift=payment.gift, payment=payment, queued_at=now)

    assert sorted(at_once(lambda: mails.send(row.pk, now), times=3)) == [False, False, True]
    assert len(outbox.outbox) == 1
