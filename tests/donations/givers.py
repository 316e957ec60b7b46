"""Givers of every sort; each name, address and remark is one of a kind, so that it is known wherever it turns up."""

import re
from contextlib import suppress
from datetime import date
from uuid import uuid4

from donations import deeds, offline
from donations.forms import new_token
from donations.giving import wishes
from donations.models import Campaign, Donor, Gift, Payment
from donations.sandbox.cards import Declined
from donations.scrubbing import scrub
from tests.donations.factories import make_campaign, make_dispute, make_gift, make_payment, make_refund, make_user
from tests.donations.giving import deliver

TOKEN = re.compile(r"kq\d+kq")
REFUSED = "4000000000000002"


def tokens_in(text):
    return set(TOKEN.findall(str(text).lower()))


class Givers:
    """`words` says of each token whose it is and what; `gifts` has the gift of each sort of giver."""

    def __init__(self, sandbox, client, now):
        self.sandbox, self.client, self.now = sandbox, client, now
        self.words, self.gifts = {}, {}
        self.campaign = make_campaign(slug="canary", title="Costs", is_default=True, suggested_once=[2500])
        self.elsewhere = make_campaign(slug="draft", status="draft")

    def word(self, whose, what):
        token = f"kq{len(self.words)}kq"
        self.words[token] = (whose, what)
        return token

    def email(self, whose):
        return f"{self.word(whose, 'e-mail')}@example.org"

    def of(self, whose):
        return {token for token, (person, _) in self.words.items() if person == whose}

    def what(self, *kinds):
        return {token for token, (_, what) in self.words.items() if what in kinds}

    # --- Through the form and Stripe's page ---------------------------------------------------------------------------

    def fill_in(self, whose, *, frequency="once", visibility="anonymous"):
        """The gift that a reader's form becomes; its payment page is open."""
        typed = {"frequency": frequency, "amount": "25", "email": self.email(whose), "name": self.word(whose, "name")}
        token = new_token(uuid4())
        said = self.client.post("/donate/", typed | {"visibility": visibility, "token": token, "campaign": "canary"})
        assert said.status_code == 303, said.content.decode()
        gift = self.gifts[whose] = Gift.objects.get(donor__email=typed["email"])
        return gift

    def give(self, whose, *, card="4242424242424242", **how):
        """Pays on Stripe's page, where another name is typed: the card's owner may be somebody else."""
        gift = self.fill_in(whose, **how)
        with suppress(Declined):
            self.sandbox.pay(gift.session_id, card=card, name=self.word("Stripe", "name"), email=gift.donor.email)
        return gift

    def deliver(self):
        deliver(self.client, self.sandbox)
        for gift in self.gifts.values():
            gift.refresh_from_db()

    # --- Otherwise ----------------------------------------------------------------------------------------------------

    def offline(self, whose, *, confirmed):
        entry = offline.Entry(
            amount=5000,
            channel=Payment.Channel.CHEQUE,
            given_on=date(2026, 10, 1),
            email=self.email(whose),
            name=self.word(whose, "name"),
            visibility="named",
            reference=self.word(whose, "reference"),
        )
        payment = offline.enter(self.campaign, entry, by=make_user(), now=self.now)
        if confirmed:
            offline.confirm(payment, by=make_user(), now=self.now)
        self.gifts[whose] = payment.gift

    def row(self, whose, **fields):
        """A gift as it came to stand, without the way there."""
        ours = {"campaign": self.campaign, "name": self.word(whose, "name"), "visibility": "named", "status": "given"}
        donor = Donor.objects.create(email=self.email(whose))
        gift = self.gifts[whose] = make_gift(donor=donor, **(ours | fields))
        return gift


def every_sort(sandbox, client, now):
    """A newsroom's givers, after everything that may happen to them."""
    room = Givers(sandbox, client, now)
    through_stripe(room)
    turned = room.gifts["named before"]
    wishes.show_name(turned, "anonymous", turned.name, everywhere=False)
    deeds.stop(room.gifts["stopped"], room.word("stopped", "reason"), now=now)
    room.offline("offline", confirmed=True)
    room.offline("promised", confirmed=False)
    as_they_came_to_stand(room)
    scrub(room.gifts["scrubbed"].donor, now)
    room.deliver()
    return room


def through_stripe(room):
    room.give("anonymous")
    room.give("named", visibility="named")
    room.give("named before", visibility="named")
    room.give("scrubbed", visibility="named")
    room.give("refunded", visibility="named")
    room.give("monthly", frequency="monthly")
    room.give("stopped", frequency="monthly", visibility="anonymous")
    room.give("refused", visibility="named", card=REFUSED)
    room.fill_in("left", visibility="named")
    room.sandbox.expire(room.fill_in("expired", visibility="named").session_id)
    room.deliver()
    room.sandbox.refund(room.gifts["refunded"].payments.get().remote_id)
    room.sandbox.next_month(room.gifts["monthly"].stripe_subscription, succeeds=False)
    room.deliver()


def after_some_months(room):
    """Whatever is mailed about a gift that goes on: charged again by another amount, paused, taken up again."""
    for whose in ("changed", "paused", "resumed"):
        room.give(whose, frequency="monthly")
    room.deliver()
    deeds.change_amount(room.gifts["changed"], 4000, key="changed", now=room.now)
    room.sandbox.next_month(room.gifts["changed"].stripe_subscription)
    for whose in ("paused", "resumed"):
        deeds.pause(room.gifts[whose], date(2027, 1, 31), key=whose, now=room.now)
    deeds.resume(room.gifts["resumed"], key="resumed again", now=room.now)
    room.deliver()


def as_they_came_to_stand(room):
    make_payment(gift=room.row("of the other mode", livemode=True), livemode=True)
    make_payment(gift=room.row("of a draft campaign", campaign=room.elsewhere))
    make_dispute(payment=make_payment(gift=room.row("disputed")))
    back = make_refund(payment=make_payment(gift=room.row("partly back")), amount=500)
    type(back).objects.filter(pk=back.pk).update(reason=room.word("partly back", "reason"))
    assert Campaign.objects.count() == 2
