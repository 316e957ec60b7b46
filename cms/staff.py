"""Accounts of the newsroom. Who acted stands in the history for good, and is deactivated when they leave."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import PROTECT, Q
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone


def traces_of(person):
    """What names `person` and is never deleted, in words: ["12 revisions", "1 author"]. Empty for who never acted."""
    named = {}
    for link in User._meta.get_fields(include_hidden=True):
        if link.auto_created and _stays(link):
            named[link.related_model] = named.get(link.related_model, Q()) | Q(**{link.field.name: person})
    counts = [(model, model._base_manager.filter(about).count()) for model, about in named.items()]
    return [_counted(model, count) for model, count in counts if count]


def _stays(link):
    """The desk's own log would go with its person, so it counts too."""
    return getattr(link, "on_delete", None) is PROTECT or link.related_model is LogEntry


def _counted(model, count):
    return f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"


def name_of(person):
    return person.get_full_name() or person.get_username()


@transaction.atomic
def deactivate(person):
    """`person` is signed out everywhere and signs in no more. What they wrote and signed stays theirs."""
    person.is_active = False
    person.save(update_fields=["is_active"])
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):  # a session has no column for its person
            session.delete()


class ForSuperusers:
    """Who may give rights away could give them to themselves, so no permission opens these pages."""

    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


class AccountAdmin(ForSuperusers, UserAdmin):
    actions = None  # deletion goes one by one, and says why not
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "groups"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Rights", {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "groups":
            help_text = "What this person may do follows from these."
            kwargs |= {"widget": forms.CheckboxSelectMultiple, "help_text": help_text}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_urls(self):
        ours = [
            path("<int:key>/deactivate/", self.admin_site.admin_view(self.deactivate), name="auth_user_deactivate"),
            path("<int:key>/activate/", self.admin_site.admin_view(self.activate), name="auth_user_activate"),
        ]
        return ours + super().get_urls()

    def change_view(self, request, object_id, form_url="", extra_context=None):
        person = self.get_object(request, unquote(object_id))
        traces = traces_of(person) if person else []
        ours = {"traces": traces, "show_delete": not traces, "is_self": person == request.user}
        return super().change_view(request, object_id, form_url, {**ours, **(extra_context or {})})

    def delete_view(self, request, object_id, extra_context=None):
        person = self.get_object(request, unquote(object_id))
        if person and (traces := traces_of(person)):
            words = f"{name_of(person)} stands in the history ({', '.join(traces)}), which is never deleted."
            messages.error(request, f"{words} Deactivate the account instead.")
            return redirect("admin:auth_user_change", person.pk)
        return super().delete_view(request, object_id, extra_context)

    def deactivate(self, request, key):
        person = self._asked_for(request, key)
        if person == request.user:
            messages.error(request, "This is your own account. Ask another administrator to deactivate it.")
        elif person:
            deactivate(person)
            self.log_change(request, person, "Deactivated.")
            messages.success(request, f"{name_of(person)} is signed out and signs in no more.")
        return redirect("admin:auth_user_change", key) if person else HttpResponseNotAllowed(["POST"])

    def activate(self, request, key):
        if person := self._asked_for(request, key):
            person.is_active = True
            person.save(update_fields=["is_active"])
            self.log_change(request, person, "Activated.")
            messages.success(request, f"{name_of(person)} can sign in again.")
        return redirect("admin:auth_user_change", key) if person else HttpResponseNotAllowed(["POST"])

    def _asked_for(self, request, key):
        """The account that a button is about; None where no button was pressed."""
        person = self.get_queryset(request).filter(pk=key).first()
        if person is None or not self.has_change_permission(request, person):
            raise Http404("There is no such account.")
        return person if request.method == "POST" else None


class RightsAdmin(ForSuperusers, GroupAdmin):
    filter_horizontal = []


for model, ours in ((User, AccountAdmin), (Group, RightsAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, ours)
