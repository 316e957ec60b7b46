"""The admin site: one desk for journalists, editors and fundraisers, each of whom sees their own work."""

from functools import update_wrapper

from csp.constants import NONCE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

# Text pasted from other editors brings style attributes, which the editor reads before it drops them; the editor also
# looks for a style element of its own, which the page gives it, empty and with the nonce.
LOOSER = {"style-src": [NONCE], "style-src-attr": ["'unsafe-inline'"]}
UNUSED = {"view_on_site", "autocomplete"}  # the first led from a row's key to the address of what is not public
IN_NAVIGATION = ("articles", "donations")
FIRST = ("Article", "Campaign", "Gift", "Payment")  # what people come for; the rest follows by name


class Desk(admin.AdminSite):
    site_title = f"{settings.NEWSROOM_NAME} desk"
    site_header = settings.NEWSROOM_NAME
    index_title = "Your desk"
    enable_nav_sidebar = False

    def admin_view(self, view, cacheable=False):
        """What a person may not see behaves as if it did not exist (R9), and nobody loses a text (R4)."""
        guarded = csp_update(LOOSER)(super().admin_view(_as_if_not_there(view), cacheable))

        def answer(request, *args, **kwargs):
            from cms.unsent import signed_out

            lost = None if self.has_permission(request) else signed_out(request)
            return lost or guarded(request, *args, **kwargs)

        return update_wrapper(answer, guarded)

    def each_context(self, request):
        context = super().each_context(request)
        at_index = request.path == reverse("admin:index")
        ours = {"navigation": navigation(context["available_apps"], request.path), "at_index": at_index}
        return context | ours | {"late": _late_for(request.user)}

    def get_urls(self):
        """Without what tells of rows and no page of ours asks for (`UNUSED`)."""
        from articles.admin.mails import your_mails

        ours = [path("mails/", self.admin_view(your_mails), name="mails"), *self.movers_urls()]
        return ours + [url for url in super().get_urls() if getattr(url, "name", None) not in UNUSED]

    def movers_urls(self):
        """What moved readers to give: for the newsroom in sums, for fundraisers in full."""
        from cms import movers_page as pages

        own, theirs = pages.newsroom_rows, pages.fundraisers_rows
        return [
            path("moved/", self.admin_view(pages.page(self, own, full=False)), name="moved"),
            path("moved.csv", self.admin_view(pages.sheet(own, full=False)), name="moved_csv"),
            path("donations/moved/", self.admin_view(pages.page(self, theirs, full=True)), name="donations_moved"),
            path("donations/moved.csv", self.admin_view(pages.sheet(theirs, full=True)), name="donations_moved_csv"),
        ]

    def index(self, request, extra_context=None):
        from articles.desk import desk_of

        return super().index(request, desk_of(request.user, timezone.now()) | (extra_context or {}))


def _late_for(user):
    """Why the schedule cannot be relied on, for editors, who count on it; noticing it here also tells of it."""
    from articles.models.article import roles_of
    from articles.schedule import notice
    from articles.workflow import EDITORS

    return notice(timezone.now()) if roles_of(user) & EDITORS else ""


def _as_if_not_there(view):
    """`view`, answering 404 where a signed-in person has no permission, also for rows that are really not there."""

    def seen(request, *args, **kwargs):
        if _is_hidden(view, request):
            raise Http404("There is no such page.")
        if _asks_for_nul(view, request):
            return redirect(request.path)
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied as refusal:
            raise Http404("There is no such page.") from refusal

    return update_wrapper(seen, view)


def _is_hidden(view, request):
    """Whether `view` is a page of a model that this person has no part in; Django looks for the row first.

    "Save as new" is nobody's: Django obeys a form that says so, whether or not the page has such a button.
    """
    its = getattr(view, "__self__", None)
    if not isinstance(its, admin.ModelAdmin):
        return False
    has_part = its.has_view_or_change_permission(request) or its.has_add_permission(request)
    return not has_part or "_saveasnew" in request.POST


def _asks_for_nul(view, request):
    """Whether this is a list with a NUL among its filters: PostgreSQL cannot look for it, and no link of ours does."""
    return getattr(view, "__name__", "") == "changelist_view" and "%00" in request.GET.urlencode()


def navigation(apps, path):
    """The way around the desk: what this person may open, stories first."""
    models = [model for app in apps if app["app_label"] in IN_NAVIGATION for model in app["models"]]
    return [
        {"name": model["name"], "url": model["admin_url"], "current": path.startswith(model["admin_url"])}
        for model in sorted(models, key=_place)
        if model["admin_url"]
    ]


def _place(model):
    label = model["model"]._meta.app_label
    name = model["object_name"]
    return IN_NAVIGATION.index(label), FIRST.index(name) if name in FIRST else len(FIRST)
