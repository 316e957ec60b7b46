"""The page of what needs a person: every trouble with its rows, its advice and a way to each of them."""

from django.utils.html import format_html

from donations.attention import CONCERNS
from donations.models import Campaign, Dispute, Gift, Payment, Refund, SentMail, WebhookEvent

from .facts import NONE, Table
from .gifts import link_to, moment, who_gave
from .inbox import goes_to, why
from .stripe_links import stripe_link

AT_MOST = 25


def event_row(event, now):
    about = stripe_link(event.object_id, live=event.livemode)
    return moment(event.received_at), link_to(event, event.type), about, why_listed(event)


def why_listed(event):
    if event.gift and event.state == event.State.PROCESSED:
        return format_html("Charges beside {}", link_to(event.gift, stripe_name(event.gift)))
    return why(event) or "Waits to be booked"


def stripe_name(gift):
    return gift.stripe_subscription or str(gift)


def campaign_row(campaign, now):
    return campaign.starts, link_to(campaign), campaign.ends or NONE, campaign.get_status_display()


def dispute_row(dispute, now):
    by = moment(dispute.due_by)
    if dispute.due_by and dispute.due_by < now:
        by = format_html('{} <strong class="passed">has passed</strong>', by)
    return by, link_to(dispute), who_gave(dispute.payment.gift), dispute.status.replace("_", " ")


def payment_row(payment, now):
    gift = payment.gift
    return moment(payment.given_at), link_to(payment, payment.money()), who_gave(gift), gift.get_status_display()


def refund_row(refund, now):
    return moment(refund.made_at), link_to(refund), who_gave(refund.payment.gift), refund.get_status_display()


def gift_row(gift, now):
    return moment(gift.begun_at), link_to(gift), who_gave(gift), gift.get_status_display()


def mail_row(mail, now):
    return moment(mail.queued_at), link_to(mail), goes_to(mail), mail.error or mail.get_status_display()


ROWS = {
    WebhookEvent: (("Received", "Message", "About", "Why"), event_row),
    Campaign: (("First day", "Campaign", "Last day", "Status"), campaign_row),
    Dispute: (("Answer by", "Dispute", "Giver", "At the bank"), dispute_row),
    Payment: (("Tried", "Payment", "Giver", "The gift is"), payment_row),
    Refund: (("Made", "Refund", "Giver", "Status"), refund_row),
    Gift: (("Begun", "Gift", "Giver", "Status"), gift_row),
    SentMail: (("Queued", "Mail", "To", "Status"), mail_row),
}


def troubles(now):
    """Each kind of trouble that there is: (concern, how many, the first rows as a table)."""
    return [trouble for trouble in (table_of(concern, now) for concern in CONCERNS) if trouble]


def table_of(concern, now):
    rows = concern.find(now)
    number = rows.count()
    heads, cells = ROWS[rows.model]
    table = Table(concern.title, heads, [cells(row, now) for row in rows[:AT_MOST]])
    return (concern, number, table) if number else None
