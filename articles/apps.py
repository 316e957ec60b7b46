from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self):
        from .groups import fill_groups
        from .triggers import check_triggers, install_triggers

        post_migrate.connect(fill_groups, sender=self)
        post_migrate.connect(install_triggers, sender=self)
        checks.register(check_triggers, checks.Tags.database)
