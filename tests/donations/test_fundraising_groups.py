"""What fundraisers may do, and that nobody else of the newsroom may."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from donations.groups import fill_groups
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db


def granted(name):
    return set(Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename"))


def test_fundraisers_may_read_every_fact_and_keep_the_campaigns():
    fundraiser = a_fundraiser()
    facts = ["donor", "gift", "payment", "refund", "dispute", "webhookevent", "sentmail"]
    assert fundraiser.has_perms([f"donations.view_{fact}" for fact in facts])
    assert fundraiser.has_perms(["donations.add_campaign", "donations.change_campaign"])


def test_fundraisers_hold_one_permission_per_verb():
    verbs = ["stop_gift", "refund_payment", "enter_offline", "confirm_offline", "attribute_money", "resend_mail"]
    verbs.append("switch_breaker")
    assert a_fundraiser().has_perms([f"donations.{verb}" for verb in verbs])


def test_no_group_may_delete_or_change_a_fact():
    everything = Permission.objects.filter(content_type__app_label="donations", group__isnull=False)
    held = set(everything.values_list("codename", flat=True))
    assert not {name for name in held if name.startswith("delete_")}
    typed = {name for name in held if name.startswith(("add_", "change_"))}
    assert typed == {"add_campaign", "change_campaign", "change_statementwords"}


def test_fundraisers_hold_nothing_of_the_stories_and_the_others_nothing_of_the_money():
    assert {app for app, _ in granted("Fundraisers")} == {"donations"}
    for name in ("Journalists", "Editors", "Managing editors"):
        assert {app for app, _ in granted(name)} == {"articles"}


def test_filling_the_groups_again_changes_nothing():
    before = granted("Fundraisers")
    fill_groups(sender=apps.get_app_config("donations"), using="default")
    assert granted("Fundraisers") == before
    assert Group.objects.filter(name="Fundraisers").count() == 1
