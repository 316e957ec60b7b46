"""What all pages about money have in common: facts that are read, found and linked, and never typed."""

from dataclasses import dataclass, field

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV


@dataclass(frozen=True)
class Table:
    """Rows that belong to the fact on the page. A row is a list of cells; a cell may be a link already."""

    title: str
    heads: tuple
    rows: list = field(default_factory=list)
    nothing: str = "None."


@dataclass(frozen=True)
class Verb:
    """What a person may do on the page of a fact: a button to a page that explains and asks once more."""

    name: str
    label: str
    permission: str

    def allowed_to(self, user):
        return user.has_perm(f"donations.{self.permission}")


class NothingTyped:
    """Not even a superuser adds, changes or deletes a row here: what money did is not for typing."""

    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Desk(admin.ModelAdmin):
    """A list and a page in the desk's look, with the verbs of a row as buttons."""

    verbs = ()
    list_per_page = 50

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
        return super().changelist_view(request, {"tools": self.tools(request)} | (extra_context or {}))

    def tools(self, request):
        """Links above the list: (label, url)."""
        return []

    def change_view(self, request, object_id, form_url="", extra_context=None):
        extra = {"verbs": self.offered(request, object_id), "tables": self.tables_of(request, object_id)}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def offered(self, request, object_id):
        """The buttons of this page: what this person may do to this row as it stands."""
        row = self.get_object(request, object_id)
        if row is None:
            return []
        may = [
            verb for verb in self.verbs if verb.allowed_to(request.user) and not self.refusal(verb, row, request.user)
        ]
        return [(verb, self.url_of(verb.name, row.pk)) for verb in may]

    def tables_of(self, request, object_id):
        row = self.get_object(request, object_id)
        return self.tables(row) if row and self.has_view_permission(request, row) else []

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
        context = {"row": row, "verb": verb, "words": words, "form": form, "trouble": trouble, "title": verb.label}
        response = self.page(request, "ask.html", back=self.url_of("change", row.pk), **context)
        response.status_code = status
        return response

    def back_to(self, row, request, message, level=messages.SUCCESS):
        self.message_user(request, message, level)
        return redirect(self.url_of("change", row.pk))


class Facts(NothingTyped, Desk):
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
