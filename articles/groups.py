"""The newsroom's groups and what each may do, filled after every migration; running it again changes nothing."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

from .workflow import VERBS, Role

SURROUNDINGS = ["add_{}", "change_{}", "view_{}"]


def _permissions_of(role):
    verbs = [f"{verb.name}_article" for verb in VERBS.values() if any(role in move.roles for move in verb.moves)]
    names = ["view_article", *verbs, "add_picture", "view_picture"]
    if role is not Role.JOURNALIST:
        names += ["see_every_article", "switch_appeal", "withdraw_picture"]
        names += ["assign_article", "waive_check", "merge_topic"]
        names += [form.format(model) for model in ("author", "section", "topic", "picture") for form in SURROUNDINGS]
    if role is Role.MANAGING:
        names += ["see_restricted_articles", "resend_staff_mail"]
    return names


GROUPS = {"Journalists": Role.JOURNALIST, "Editors": Role.EDITOR, "Managing editors": Role.MANAGING}


def fill_groups(sender, using, **kwargs):
    from django.contrib.auth.models import Group, Permission

    create_permissions(installed.get_app_config("articles"), verbosity=0, using=using)
    ours = Permission.objects.using(using).filter(content_type__app_label="articles")
    for name, role in GROUPS.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*ours.filter(codename__in=_permissions_of(role)))
