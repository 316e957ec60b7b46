"""The admin site: one desk for journalists, editors and fundraisers, each of whom sees their own work."""

from django.conf import settings
from django.contrib import admin


class Desk(admin.AdminSite):
    site_title = f"{settings.NEWSROOM_NAME} desk"
    site_header = settings.NEWSROOM_NAME
    index_title = "Your desk"
    enable_nav_sidebar = False
