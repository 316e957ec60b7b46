"""What the fundraiser sees first: how the campaigns stand, what needs a person, and who gave of late."""

from django.conf import settings

from donations.attention import counts
from donations.models import Campaign, Gift, Payment, Refund
from donations.totals import totals

from .gifts import who_gave

SEES_GIVERS = ["donations.view_gift", "donations.view_payment", "donations.view_donor"]
CAME_TO_SOMETHING = [Gift.Status.GIVEN, Gift.Status.PROCESSING, *Gift.GOING_ON]
OF_LATE = 8


def is_for(user):
    return user.is_active and user.has_perms(SEES_GIVERS)


def desk(user, now):
    return {
        "campaigns": [(campaign, totals(campaign, now)) for campaign in live_campaigns(now)],
        "concerns": counts(now),
        "waiting": how_many_wait(),
        "recent": [(gift, who_gave(gift)) for gift in recent_gifts()],
        "may_enter": user.has_perm("donations.enter_offline"),
        "may_begin": user.has_perm("donations.add_campaign"),
    }


def live_campaigns(now):
    """Those that take gifts on their days, the default first."""
    live = Campaign.objects.live().order_by("-is_default", "-starts")
    return [campaign for campaign in live if not campaign.is_over(now)]


def waiting():
    """Offline gifts that a second person has still to confirm, the longest waiting first."""
    rows = Payment.objects.promised().select_related("gift__campaign", "gift__donor", "entered_by")
    return rows.order_by("entered_at", "pk")


def waiting_reversals():
    """And what went back of offline gifts, as long as only one person says so; the longest waiting first."""
    rows = Refund.objects.proposed().select_related("payment__gift__campaign", "payment__gift__donor", "entered_by")
    return rows.order_by("made_at", "pk")


def how_many_wait():
    return waiting().count() + waiting_reversals().count()


def recent_gifts():
    came = Gift.objects.of_mode(settings.STRIPE_LIVE).filter(status__in=CAME_TO_SOMETHING)
    return came.select_related("campaign", "donor")[:OF_LATE]
