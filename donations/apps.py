from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DonationsConfig(AppConfig):
    name = "donations"
    verbose_name = "Giving"

    def ready(self):
        from .groups import fill_groups

        post_migrate.connect(fill_groups, sender=self)
