from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CmsConfig(AppConfig):
    name = "cms"
    default = True


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with our own site: the newsroom's desk."""

    default = False
    default_site = "cms.admin.Desk"

    def ready(self):
        super().ready()
        from cms import staff  # noqa: F401 - takes the place of what Django has just registered for accounts
