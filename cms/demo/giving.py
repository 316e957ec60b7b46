"""The demo's past gifts, as they came: through the gift form, a sandbox with its clock in the past, and its webhooks.

Nothing is written here but by the code that books real gifts. What the sandbox remembers is kept in its state file, so
that these gifts can be refunded, disputed and renewed afterwards.
"""

import heapq
import json
from collections import Counter
from datetime import date, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.test.utils import override_settings
from django.utils.timezone import localdate

from donations import checkout, offline, webhooks
from donations.charging import charges
from donations.forms import GiftForm, new_token, plain
from donations.models import AppealShown, Campaign, Gift, SentMail, WebhookEvent
from donations.sandbox.cards import Declined
from donations.sandbox.checkout import create as open_session

from .gifts import FAILS_LATER, Plan
from .newsroom import newsroom
from .past import campaign_of_last_year

HOUR = timedelta(hours=1)
# The events that tell something new here; the others of Stripe's many would only book the same again.
TOLD = {
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "invoice.paid",
    "invoice.payment_failed",
    "customer.subscription.deleted",
    "refund.created",
    "refund.updated",
    "charge.dispute.funds_withdrawn",
}


class NotTold(Exception):
    """The newsroom did not book what the sandbox told it; the message says what and why."""


def open_campaign(now):
    """The campaign of this calendar year, which every appeal names."""
    told = newsroom()["campaign"]
    year = now.astimezone(ZoneInfo(told["timezone"])).year
    return Campaign.objects.create(
        **told, status=Campaign.Status.LIVE, is_default=True, starts=date(year, 1, 1), ends=date(year, 12, 31)
    )


def plan_gifts(campaign, articles, now):
    """The plan for readers of the published stories; `articles` is {file: article}."""
    told = [story for story in newsroom()["stories"] if articles[story.file].live and story.moves]
    stories = [(story.file, articles[story.file].live.first_published, story.moves) for story in told]
    return Plan(stories, start=campaign.window()[0], now=now, goal=campaign.goal)


def give_all(*, articles, users, sandbox, now):
    """Tells of last year, opens the campaign and does all that is planned, in the order in which it happened."""
    campaign_of_last_year(users=users, now=now)
    campaign = open_campaign(now)
    plan = plan_gifts(campaign, articles, now)
    year = Year(campaign, articles, sandbox, now)
    for gift in plan.gifts:
        year.plan(gift.at, year.give, gift)
    year.plan(max(plan.gifts[0].at, now - timedelta(days=4)) + HOUR, year.pay_without_a_form)
    with override_settings(STRIPE_SECRET_KEY=sandbox.account.secret_key, STRIPE_API_BASE=sandbox.url):
        year.run()
    sandbox.clock = None
    for cheque in plan.cheques:
        enter(cheque, campaign, users, now)
    receipts_were_sent()
    appeals_were_shown(plan, articles)
    return campaign


def receipts_were_sent():
    """Past receipts went out on their day: nobody gets a flood of mails because a demo was seeded."""
    SentMail.objects.queued().update(status=SentMail.Status.SENT, sending_at=F("queued_at"), sent_at=F("queued_at"))


def appeals_were_shown(plan, articles):
    """Some hundred times for each gift, on the days of the gifts; nobody knows to whom."""
    times = Counter()
    for gift in plan.gifts:
        times[articles[gift.article].pk, localdate(gift.at)] += plan.lot.randint(60, 340)
    shown = [AppealShown(article_id=number, day=day, times=each) for (number, day), each in times.items()]
    AppealShown.objects.bulk_create(shown)


# --- What happens through Stripe ----------------------------------------------------------------------------------


class Year:
    """The deeds still to come, by time. Each may add later ones; what lies after `now` does not happen."""

    def __init__(self, campaign, articles, sandbox, now):
        self.campaign, self.articles, self.sandbox, self.now = campaign, articles, sandbox, now
        self.deeds, self.numbers = [], count()

    def plan(self, at, deed, *about):
        if at <= self.now:
            heapq.heappush(self.deeds, (at, next(self.numbers), deed, about))

    def run(self):
        while self.deeds:
            self.sandbox.clock, _, deed, about = heapq.heappop(self.deeds)
            deed(*about)
            self.sandbox.capture()  # fees are known at once
            self.sandbox.deliver(post=self.receive)

    def receive(self, body, header):
        event = json.loads(body)
        if event["type"] in TOLD and not is_told_by_its_session(event):
            self.tell(event)
        return 200

    def tell(self, event):
        """What the webhook does with an event whose signature is good, on the day when it came."""
        row = webhooks.store(webhooks.delivery_in(event), self.sandbox.clock)
        webhooks.settle(row, self.sandbox.clock)
        if row.state in WebhookEvent.UNSETTLED:
            raise NotTold(f"{row} was not booked: {row.reason}")

    # --- the givers' deeds

    def give(self, planned):
        session = self.page_of(planned)
        method = "bank_debit" if planned.by_bank else "card"
        if not planned.leaves:
            try:
                self.sandbox.pay(session["id"], planned.card, name=planned.giver.name, method=method)
            except Declined:
                pass  # as planned: the page stays open until it expires
            self.sandbox.account.take(verb="debit succeeds")  # until somebody presses the button for it
        if session["status"] == "open":
            self.plan(planned.at + 24 * HOUR, self.sandbox.expire, session["id"])
        else:
            self.plan_what_follows(planned, session)

    def page_of(self, planned):
        """The sandbox's session for a filled-in form."""
        form = GiftForm(self.typed(planned), campaign=self.campaign, form_key=planned.form_key)
        if not form.is_valid():
            raise NotTold(f"{planned} was refused by the form: {form.errors.as_json()}")
        gift = checkout.gift_of(form, self.sandbox.clock)
        checkout.payment_page(gift)
        gift.refresh_from_db()
        return self.sandbox.objects["checkout.session"][gift.session_id]

    def typed(self, planned):
        return {
            "campaign": self.campaign.slug,
            "article": str(self.articles[planned.article].pk),
            "appeal": Gift.Appeal.END.value,
            "token": new_token(planned.form_key),
            "frequency": "monthly" if planned.monthly else "once",
            "amount_other": plain(planned.amount, self.campaign.currency),
            "email": planned.giver.email,
            "name": planned.giver.name if planned.named else "",
            "visibility": "named" if planned.named else "anonymous",
            "may_write": "on" if planned.may_write else "",
        }

    def plan_what_follows(self, planned, session):
        soon = min(timedelta(days=3), (self.now - planned.at) / 2)
        if planned.monthly:
            self.plan_renewals(planned, session["subscription"])
        if planned.back:
            self.plan(planned.at + soon, self.sandbox.refund, session["payment_intent"], planned.back)
            self.plan(planned.at + soon + HOUR, self.finish_refunds)
        if planned.disputed:
            self.plan(planned.at + soon, self.sandbox.dispute, session["payment_intent"])

    def plan_renewals(self, planned, subscription):
        for number, at in enumerate(charges(planned.at, self.now)):
            if planned.stops and number == planned.stops:
                return self.plan(at - HOUR, self.sandbox.cancel, subscription)
            if number:
                self.plan(at, self.sandbox.next_month, subscription)
            if number and planned.card == FAILS_LATER:
                return None  # past due: nothing more is charged until somebody acts

    def finish_refunds(self):
        for job in self.sandbox.account.take(verb="refund succeeded"):
            self.sandbox.finish_refund(job["id"])

    def pay_without_a_form(self):
        """Money that names no gift of ours, for the fundraiser to find a home for."""
        account = self.sandbox.account
        product = next(iter(account.objects["product"]))
        price = {"currency": self.campaign.currency.lower(), "unit_amount": 4_000, "product": product}
        lines = [{"quantity": 1, "price_data": price}]
        with account.lock:
            session = open_session(account, {"mode": "payment", "line_items": lines, "success_url": settings.SITE_URL})
        self.sandbox.pay(session["id"], email="treasurer@example.org", name="Merrow Bay Chess Club")
        self.tell(next(event for event in reversed(account.events) if event["type"] == "payment_intent.succeeded"))


def is_told_by_its_session(event):
    """The first month of a monthly gift: its session says so too."""
    return event["data"]["object"].get("billing_reason") == "subscription_create"


# --- What happens at the counter ----------------------------------------------------------------------------------


def enter(cheque, campaign, users, now):
    """One person enters a cheque; for most, another has confirmed it the day after."""
    at = max(now - timedelta(days=cheque.days_ago), campaign.window()[0])
    entry = offline.Entry(
        amount=cheque.amount,
        channel="cheque",
        given_on=at.astimezone(ZoneInfo(campaign.timezone)).date(),
        email=cheque.giver.email,
        name=cheque.giver.name,
        visibility="named" if cheque.named else "anonymous",
        reference=cheque.reference,
    )
    payment = offline.enter(campaign, entry, by=users["Priya Nair"], now=at)
    if cheque.confirmed:
        offline.confirm(payment, by=users["Lena Sorensen"], now=min(at + timedelta(days=1), now))
