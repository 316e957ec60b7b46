"""The monthly gifts whose last charge failed: what is open, since when, and how often its giver was told."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Max, Min, Q
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from donations.models import Gift, SentMail
from donations.monthly import next_charge

from .dashboard import is_for
from .facts import Table
from .gifts import link_to, who_gave
from .stripe_links import stripe_url

AT_MOST = 200
TOLD = "Its invoice at Stripe tells"
HEADS = ("Giver", "Gives", "Open", "Failed since", "Mails", "Next try")


def gifts_at_risk():
    """The latest to fail first, each with the first try of its charge (`failed_at`) and the mails that were `told`."""
    of_charge = Q(payments__invoice_id=F("open_invoice")) & ~Q(open_invoice="")
    about_it = Q(mails__kind=SentMail.Kind.FAILING, mails__status=SentMail.Status.SENT)
    about_it &= Q(mails__key__startswith=F("open_invoice")) & ~Q(open_invoice="")
    rows = Gift.objects.at_risk().of_mode(settings.STRIPE_LIVE).select_related("campaign", "donor")
    rows = rows.annotate(
        failed_at=Min("payments__given_at", filter=of_charge),
        told=Count("mails", filter=about_it, distinct=True),
        told_last=Max("mails__sent_at", filter=about_it),
    )
    return rows.order_by(F("failed_at").desc(nulls_last=True), "pk")


def row(gift, now):
    return (
        link_to(gift, who_gave(gift)),
        f"{gift.each_month()} a month, {gift.campaign}",
        gift.campaign.money(gift.open_amount, trim=False) if gift.open_amount else "Nothing",
        gift.campaign.day(gift.failed_at) if gift.failed_at else "Not known",
        mails_in_words(gift),
        next_try(gift, now),
    )


def mails_in_words(gift):
    if gift.donor.mails_refused_at or not gift.donor.email:
        return "Wants none" if gift.donor.email else "No address"
    return f"{gift.told} of 3, the last on {gift.campaign.day(gift.told_last)}" if gift.told else "None yet"


def next_try(gift, now):
    """Stripe chooses the hour of a try and says it on the invoice; where nothing is open, the next charge is one."""
    if gift.open_invoice:
        url = stripe_url(gift.open_invoice, live=gift.livemode)
        link = '<a class="stripe-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
        return format_html(link, url, TOLD)
    charge = next_charge(gift, now)
    return gift.campaign.day(charge) if charge else "Not known"


class AtRiskPage:
    """The list behind the figure "at risk", for those who see givers."""

    def at_risk_urls(self):
        return [path("at-risk/", self.admin_site.admin_view(self.at_risk_view), name="donations_at_risk")]

    def at_risk_view(self, request):
        if not is_for(request.user):
            raise PermissionDenied
        now, rows = timezone.now(), gifts_at_risk()
        table = Table("At risk", HEADS, [row(gift, now) for gift in rows[:AT_MOST]])
        return self.page(request, "at_risk.html", title="Monthly gifts at risk", table=table, number=rows.count())
