from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DonationsConfig(AppConfig):
    name = "donations"
    verbose_name = "Giving"

    def ready(self):
        from .groups import fill_groups
        from .tallies import count_missing

        post_migrate.connect(fill_groups, sender=self)
        post_migrate.connect(count_missing, sender=self)
