"""The words of the statements, with a look at the paper before they are kept, and the mailing of a year."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from donations.issuing import to_be_issued
from donations.models import StatementWords
from donations.statements import example, printed
from donations.tasks import issue_statements

from .facts import GivingAdmin, Verb


@admin.register(StatementWords)
class StatementWordsAdmin(GivingAdmin):
    """One row, which is there as soon as somebody keeps other words than the program's."""

    change_form_template = "admin/donations/statement_words.html"
    fields = ["heading", "letterhead", "before", "after"]
    actions = None
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 4})}}
    verbs = (Verb("mail", "Mail the statements", "resend_mail"),)

    def heading(self, words):
        return f"Statements of {last_year(timezone.now())}"

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_urls(self):
        preview = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", preview, name=self.url_name("preview")), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(self.url_of("change", 1))

    def get_object(self, request, object_id, from_field=None):
        return StatementWords.now() if str(object_id) == "1" else None

    def preview_view(self, request):
        """The paper with what was typed and a giver who does not exist; keeps nothing."""
        words = StatementWords.now()
        if not self.has_view_permission(request, words):
            raise PermissionDenied
        if request.method == "POST":
            form = self.get_form(request, words, change=True)(request.POST, instance=words)
            if not form.is_valid():
                answer = self.page(request, "no_preview.html", title="No preview", form=form)
                answer.status_code = 422
                return answer
        now = timezone.now()
        pdf = printed(example(last_year(now), now), words, now, is_copy=False)
        return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": "inline"})

    def refusal(self, verb, words, user):
        year = last_year(timezone.now())
        return "" if to_be_issued(year).exists() else f"Everybody who can get a statement of {year} has it."

    def mail_view(self, request, object_id):
        words, refused = self.row_for(request, "mail", object_id)
        if refused:
            return self.back_to(words, request, refused, "error")
        year = last_year(timezone.now())
        number = to_be_issued(year).count()
        told = [
            f"Givers who get their statement of {year} now: {number}. Each gets one mail with a PDF, in the words "
            "that are kept here.",
            "Whoever has theirs already gets none, and neither does whoever has no e-mail address, or wants no mails "
            "but receipts. They find it on their own page.",
        ]
        if request.method != "POST":
            return self.ask(request, words, "mail", told)
        issue_statements(year)
        message = f"The worker mails the statements of {year} now; givers who wait for theirs: {number}. If nothing "
        message += "goes out within some minutes, press the button again: nobody gets two."
        return self.back_to(words, request, message)


def last_year(now):
    """The latest year that is over where the newsroom is."""
    return timezone.localtime(now).year - 1
