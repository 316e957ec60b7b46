"""The page of whether all that Stripe told us is booked: each sign with the way to its rows."""

from django.urls import reverse

from donations.health import in_a_line, signs

LINKS = {
    "heard": ("All messages", "admin:donations_webhookevent_changelist", ""),
    "failing": ("Messages that failed", "admin:donations_webhookevent_changelist", "?state__exact=failed"),
    "late": ("Messages that wait", "admin:donations_webhookevent_changelist", "?state__exact=received"),
    "silent": ("All payments", "admin:donations_payment_changelist", ""),
    "unattributed": ("Give it its gift", "admin:donations_attention", "#unattributed"),
    "parked": ("Messages that are parked", "admin:donations_webhookevent_changelist", "?state__exact=parked"),
}


def standing(now):
    """All signs, each with its link, and how it stands altogether."""
    found = signs(now)
    return {"line": in_a_line(found), "signs": [(sign, link_of(sign)) for sign in found]}


def link_of(sign):
    """Where there is something to see: a label and an address."""
    if sign.name not in LINKS or not (sign.at or sign.advice):
        return None
    label, view, where = LINKS[sign.name]
    return label, reverse(view) + where


def trouble(now):
    """How it stands, where something is wrong; else nothing."""
    found = signs(now)
    return in_a_line(found) if any(sign.is_wrong for sign in found) else ""
