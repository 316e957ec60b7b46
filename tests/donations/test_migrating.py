"""What a migration makes of money that was booked before it, in a database of its own."""

import os
import subprocess
import sys

from django.conf import settings

BEGIN = """
import django
django.setup()
from datetime import UTC, date, datetime
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOON = datetime(2026, 10, 1, 16, tzinfo=UTC)
executor = MigrationExecutor(connection)
"""
STORY = """
USD = {"amount": 2500, "currency": "USD"}
apps = executor.migrate([("donations", "0004_the_donors_life")]).apps
ana, tomas = (apps.get_model("auth", "User").objects.create(username=name) for name in ("ana", "tomas"))
Campaign, Donor, Gift, Tally = (apps.get_model("donations", name) for name in ("Campaign", "Donor", "Gift", "Tally"))
first, second = (
    Campaign.objects.create(slug=slug, title=slug, appeal="Help.", currency="USD", status="live",
                            timezone="America/New_York", starts=date(2026, 1, 1))
    for slug in ("first", "second")
)
gift = Gift.objects.create(
    campaign=first, donor=Donor.objects.create(), frequency="once", status="given", begun_at=NOON, **USD)
payment = apps.get_model("donations", "Payment").objects.create(
    gift=gift, channel="cheque", status="succeeded", fee=0, given_at=NOON, entered_by=ana, entered_at=NOON,
    confirmed_by=tomas, confirmed_at=NOON, **USD)
apps.get_model("donations", "Refund").objects.create(
    payment=payment, status="succeeded", made_at=NOON, entered_by=ana, amount=1000, currency="USD")
for campaign in (first, second):
    Tally.objects.create(campaign=campaign, livemode=True, raised=1500)

executor = MigrationExecutor(connection)
executor.migrate(executor.loader.graph.leaf_nodes("donations"))
from donations.models import Refund, Tally
from donations.tallies import count_missing
count_missing()
print(*Refund.objects.values_list("status", "entered_by__username", "confirmed_by"))
print(*Tally.objects.filter(livemode=True).order_by("campaign").values_list("campaign__slug", "raised"))
"""


MESSAGES = """
apps = executor.migrate([("donations", "0010_what_a_look_could_not_see")]).apps
WebhookEvent = apps.get_model("donations", "WebhookEvent")
TOLD = "No delivery brought it: reconcile_stripe found it."
for key, kind, state, reason in [
    ("evt_1", "invoice.paid", "processed", ""),
    ("evt_2", "invoice.paid", "processed", TOLD),
    ("evt_3", "invoice.paid", "ignored", "unattributed"),
    ("pi_4", "reconcile_stripe", "ignored", "unattributed"),
    ("sub_5", "customer.subscription.reconcile_stripe", "processed", ""),
    ("sub_5_reconcile_stripe", "customer.subscription.deleted", "processed", ""),
]:
    WebhookEvent.objects.create(event_id=key, type=kind, object_id=key, livemode=False, state=state, reason=reason,
                                received_at=NOON, settled_at=NOON)

executor = MigrationExecutor(connection)
executor.migrate(executor.loader.graph.leaf_nodes("donations"))
from donations.models import WebhookEvent
print(*WebhookEvent.objects.order_by("pk").values_list("event_id", "undelivered", "reason"), sep="\\n")
"""


def told(story, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'news.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "cms.settings",
        "VAR_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + story], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_what_one_person_booked_as_gone_back_waits_for_a_second_and_counts_no_longer(tmp_path):
    # The sums of a campaign that none of this concerns are left as they were, right or wrong.
    assert told(STORY, tmp_path) == ["('proposed', 'ana', None)", "('first', 2500) ('second', 1500)"]


def test_what_a_comparison_found_is_marked_and_its_reason_goes(tmp_path):
    assert told(MESSAGES, tmp_path) == [
        "('evt_1', False, '')",
        "('evt_2', True, '')",
        "('evt_3', False, 'unattributed')",
        "('pi_4', True, 'unattributed')",
        "('sub_5', True, '')",
        "('sub_5_reconcile_stripe', True, '')",
    ]
