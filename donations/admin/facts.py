"""What all pages about money have in common: facts that are read, found and linked, and never typed."""

from dataclasses import dataclass, field

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV

from outbox.untyped import NothingTyped

NONE = format_html('<span class="none">{}</span>', "–")


@dataclass(frozen=True)
class Table:
    """Rows that belong to the fact on the page. A row is a list of cells; a cell may be a link already."""

    title: str
    heads: tuple
    rows: list = field(default_factory=list)
    nothing: str = "None."

    def pairs(self):
        """Each row as (head, cell), for narrow screens that have no room for a head above."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Verb:
    """What a person may do on the page of a fact: a button to a page that explains and asks once more."""

    name: str
    label: str
    permission: str

    def allowed_to(self, user):
        return user.has_perm(f"donations.{self.permission}")


class Found(ChangeList):
    """What is listed or exported. Here what no link of ours asks for is refused where Django would fail over it."""

    def get_filters(self, request):
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters("A NUL is in the filter, and PostgreSQL cannot look for it.")
        try:
            return super().get_filters(request)
        except OverflowError as trouble:
            raise IncorrectLookupParameters("No calendar has the year in the filter.") from trouble


class GivingAdmin(admin.ModelAdmin):
    """A list and a page in the desk's look, with the verbs of a row as buttons."""

    verbs = ()
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = NONE

    class Media:
        css = {"all": ["css/fundraising.css"]}

    def get_urls(self):
        own = [self.verb_path(verb) for verb in self.verbs]
        return own + super().get_urls()

    def verb_path(self, verb):
        view = self.admin_site.admin_view(getattr(self, f"{verb.name}_view"))
        return path(f"<path:object_id>/{verb.name}/", view, name=self.url_name(verb.name))

    def url_name(self, name):
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url_of(self, name, *args):
        return reverse(f"admin:{self.url_name(name)}", args=args)

    def changelist_view(self, request, extra_context=None):
        extra = {"tools": self.tools(request), "title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, extra | (extra_context or {}))

    def get_changelist(self, request, **kwargs):
        return Found

    def tools(self, request):
        """Links above the list: (label, url)."""
        return []

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, object_id)
        known = row is not None and self.has_view_permission(request, row)
        beside = self.beside(row, request.user) if known else {}
        return super().change_view(request, object_id, form_url, beside | (extra_context or {}))

    def beside(self, row, user):
        """What the page of a row shows besides its columns."""
        return {"heading": self.heading(row), "verbs": self.offered(row, user), "tables": self.tables(row)}

    def offered(self, row, user):
        """The buttons of this page: what this person may do to this row as it stands."""
        may = [verb for verb in self.verbs if verb.allowed_to(user) and not self.refusal(verb, row, user)]
        return [(verb, self.url_of(verb.name, row.pk)) for verb in may]

    def heading(self, row):
        """What a row is called above its page."""
        return str(row)

    def tables(self, row):
        return []

    def refusal(self, verb, row, user):
        """Why the verb is not for this row as it stands, or not for this person, in words; empty when it is."""
        return ""

    def row_for(self, request, name, object_id):
        """The row that a verb is asked for, or 403, or 404; and why it is refused, if it is."""
        verb = next(verb for verb in self.verbs if verb.name == name)
        if not verb.allowed_to(request.user) or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row, self.refusal(verb, row, request.user)

    def page(self, request, template, **context):
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"admin/donations/{template}", everywhere | context)

    def ask(self, request, row, name, words, form=None, trouble="", status=200):
        """The page before a verb: what it will do, in sentences, perhaps with a form, and one button that does it.

        `trouble` says why it could not be done when it was tried.
        """
        verb = next(verb for verb in self.verbs if verb.name == name)
        asked = {"heading": self.heading(row), "verb": verb, "words": words, "form": form, "trouble": trouble}
        response = self.page(request, "ask.html", title=verb.label, back=self.url_of("change", row.pk), **asked)
        response.status_code = status
        return response

    def back_to(self, row, request, message, level=messages.SUCCESS):
        self.message_user(request, message, level)
        return redirect(self.url_of("change", row.pk))


class Facts(NothingTyped, GivingAdmin):
    """Rows that the ledger wrote."""

    change_form_template = "admin/donations/fact.html"
    change_list_template = "admin/donations/facts.html"


class Exported(ExportMixin):
    """A list that can be taken home as CSV: what the filters and the search show, no more."""

    import_export_change_list_template = "admin/donations/facts.html"
    formats = [CSV]
    skip_export_form = True
    to_encoding = "utf-8-sig"  # spreadsheets take it for UTF-8 only with the mark

    def has_export_permission(self, request):
        return self.has_view_permission(request)

    def export_action(self, request):
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:  # a filter that no link of ours has: the list says so in its own way
            return redirect(f"{self.url_of('changelist')}?{ERROR_FLAG}=1")
