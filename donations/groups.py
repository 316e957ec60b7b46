"""The group of those who look after the gifts, filled after every migration; running it again changes nothing."""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

FUNDRAISERS = "Fundraisers"

FACTS = ("donor", "gift", "payment", "refund", "dispute", "webhookevent", "sentmail")
MAY = (
    "add_campaign",
    "change_campaign",
    "view_campaign",
    *(f"view_{fact}" for fact in FACTS),
    "stop_gift",
    "refund_payment",
    "enter_offline",
    "confirm_offline",
    "attribute_money",
    "resend_mail",
    "switch_breaker",
    "view_statementwords",
    "change_statementwords",
)


def fill_groups(sender: Any, using: str, **kwargs: Any) -> None:
    from django.contrib.auth.models import Group, Permission

    create_permissions(installed.get_app_config("donations"), verbosity=0, using=using)
    ours = Permission.objects.using(using).filter(content_type__app_label="donations")
    group, _ = Group.objects.using(using).get_or_create(name=FUNDRAISERS)
    group.permissions.add(*ours.filter(codename__in=MAY))
