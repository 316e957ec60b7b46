"""Each look at whether our books and Stripe agree leaves a row, however it ended."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cms.tasks import tend_tallies
from donations import inspections, reconcile
from donations.models import Inspection, Tally
from donations.stripe_gateway import StripeUnavailable
from tests.donations.factories import make_campaign, make_payment
from tests.donations.giving import give, intent_of

pytestmark = pytest.mark.django_db
KIND = Inspection.Kind


def lost_gift(sandbox):
    """A gift of which no message came."""
    gift = give(sandbox, campaign=make_campaign(starts=date(2026, 1, 1), ends=None), amount=2500)
    sandbox.deliver(post=lambda body, header: 200)
    return gift


def test_by_hand_without_fix_what_differs_is_kept_as_remaining(sandbox):
    gift = lost_gift(sandbox)
    with pytest.raises(CommandError, match="--fix puts right"):
        call_command("reconcile_stripe", since="12h")
    seen = Inspection.objects.get()
    assert (seen.kind, seen.livemode, seen.fixed, seen.remaining) == (KIND.RECONCILE, False, False, len(seen.found))
    assert seen.begun_at - seen.since == timedelta(hours=12)
    assert seen.ended_at >= seen.begun_at
    assert any(line.startswith(f"{intent_of(sandbox, gift)}: Stripe says amount 2500") for line in seen.found)


def test_what_the_night_put_right_is_kept_and_nothing_remains(sandbox):
    lost_gift(sandbox)
    reconcile.nightly()
    seen = Inspection.objects.latest_of(KIND.RECONCILE, live=False)
    assert (seen.fixed, seen.remaining, bool(seen.found)) == (True, 0, True)
    reconcile.nightly()
    assert Inspection.objects.latest_of(KIND.RECONCILE, live=False).found == []


def test_what_is_kept_says_nothing_about_a_person(sandbox):
    gift = lost_gift(sandbox)
    gift.donor.email = "zoe.marsh@example.org"
    gift.donor.save()
    type(gift).objects.filter(pk=gift.pk).update(name="Zoë Marsh")
    reconcile.nightly()
    kept = str(Inspection.objects.get().found)
    assert str(gift.pk) in kept
    assert "Marsh" not in kept
    assert "@" not in kept


def test_a_list_that_this_key_may_not_see_is_kept_but_is_no_difference(sandbox):
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", 403
    reconcile.nightly()
    seen = Inspection.objects.get()
    assert seen.remaining == 0
    assert seen.found[0].startswith("Stripe's list of balance transactions cannot be had")


def test_a_night_in_which_stripe_cannot_be_asked_says_so(sandbox, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_0123456789"
    reconcile.nightly()
    seen = Inspection.objects.get()
    assert seen.found[0].startswith("Stripe could not be asked, because: Stripe answered 401")
    assert (seen.remaining, seen.blind, seen.ended_at is None) == (1, True, False)


def test_a_look_that_is_cut_off_has_no_end():
    with pytest.raises(MemoryError), inspections.look(KIND.TALLIES, now=timezone.now()):
        raise MemoryError
    assert Inspection.objects.get().ended_at is None
    assert Inspection.objects.latest_of(KIND.TALLIES, live=False) is None


def look_until_stripe_falls_silent():
    with inspections.look(KIND.ENDPOINT, now=timezone.now()) as seen:
        seen.found, seen.remaining = ["one"], 1
        raise StripeUnavailable("no answer")


def test_where_stripe_falls_silent_midway_what_was_found_before_stays():
    with pytest.raises(StripeUnavailable):
        look_until_stripe_falls_silent()
    assert Inspection.objects.values_list("found", "remaining").get() == (
        ["one", "Stripe could not be asked, because: no answer"],
        2,
    )


def test_a_long_list_is_cut_and_says_so():
    with inspections.look(KIND.TALLIES, now=timezone.now()) as seen:
        seen.found = [f"line {number}" for number in range(130)]
    found = Inspection.objects.get().found
    assert (len(found), found[-1]) == (101, "And 30 more.")


def test_looks_of_more_than_ninety_days_ago_go():
    now = timezone.now()
    for age in (91, 89):
        Inspection.objects.create(kind=KIND.TALLIES, livemode=False, begun_at=now - timedelta(days=age))
    with inspections.look(KIND.ENDPOINT, now=now):
        pass
    assert sorted(Inspection.objects.values_list("kind", flat=True)) == ["endpoint", "tallies"]


def test_the_check_of_the_kept_sums_is_kept_by_night_and_by_hand():
    campaign = make_payment().gift.campaign
    Tally.objects.filter(campaign=campaign, livemode=False).update(raised=1)
    with pytest.raises(CommandError, match="check_tallies --fix"):
        call_command("check_tallies")
    line = f"{campaign}, test mode: raised is kept as 1, the rows say 2500."
    tend_tallies()
    tend_tallies()
    kept = Inspection.objects.order_by("pk").values_list("kind", "fixed", "remaining", "found")
    assert list(kept) == [
        ("tallies", False, 1, [line]),
        ("tallies", True, 0, [line]),
        ("tallies", True, 0, []),
    ]
