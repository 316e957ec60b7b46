"""The picture archive. Originals are private: each request for one asks who is looking."""

from functools import update_wrapper

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from articles.forms import PictureForm
from articles.models import Article, Author, Picture
from articles.preview import file_of, small_file_of
from articles.renditions import remove
from articles.workflow import MoveNotAllowed

from .picker import choices, upload


def original_url(picture):
    return reverse("admin:articles_picture_original", args=[picture.pk])


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    actions = None
    list_display = ["small", "title", "standing", "credit", "dimensions", "uploaded_by", "uploaded_at"]
    list_display_links = ["title"]
    list_select_related = ["uploaded_by"]
    search_fields = ["title", "alt", "credit"]
    list_per_page = 40
    readonly_fields = ["picture", "dimensions", "uploaded_by", "uploaded_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).seen_by(request.user)

    def get_form(self, request, obj=None, change=False, **kwargs):
        """A file is chosen once: a picture's file never changes."""
        return super().get_form(request, obj, change, **({} if obj else {"form": PictureForm}), **kwargs)

    def get_fields(self, request, obj=None):
        typed = ["title", "alt", "credit"]
        return ["picture", *typed, "dimensions", "uploaded_by", "uploaded_at"] if obj else ["upload", *typed]

    def get_readonly_fields(self, request, obj=None):
        return self.readonly_fields if obj else []

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """The form brings along what it was opened with: what differs from that, this person has typed."""
        return super().formfield_for_dbfield(db_field, request, show_hidden_initial=True, **kwargs)

    def save_model(self, request, picture, form, change):
        """Only what was typed is written: what was blanked or withdrawn since the form was opened stays so."""
        if change:
            picture.save(update_fields=form.changed_data)
            picture.refresh_from_db(from_queryset=Picture.objects.select_for_update(no_key=True))  # the log names it
        else:
            picture.uploaded_by, picture.uploaded_at = request.user, timezone.now()
            picture.save()

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {"may_withdraw": request.user.has_perm("articles.withdraw_picture")}
        if picture := self.get_object(request, object_id):
            context["places"] = Article.objects.seen_by(request.user).filter(pictures__picture=picture)
            context["authors"] = Author.objects.filter(photo=picture)
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def has_delete_permission(self, request, obj=None):
        return False  # stories and their history keep their pictures

    def get_urls(self):
        return [
            path("choices/", self.admin_site.admin_view(self.for_the_desk(choices)), name="articles_picture_choices"),
            path("upload/", self.admin_site.admin_view(self.for_the_desk(upload)), name="articles_picture_upload"),
            path("<uuid:key>/original/", self.of_picture(original), name="articles_picture_original"),
            path("<uuid:key>/small/", self.of_picture(small), name="articles_picture_small"),
            path("<uuid:key>/withdraw/", self.of_picture(withdraw), name="articles_picture_withdraw"),
            *super().get_urls(),
        ]

    def for_the_desk(self, view):
        def wrapped(request):
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request)

        return update_wrapper(wrapped, view)

    def of_picture(self, view):
        """`view(request, picture)` for a picture that this person sees; every other key answers 404."""

        def wrapped(request, key):
            picture = Picture.objects.seen_by(request.user).filter(pk=key).first()
            if picture is None:
                raise Http404("There is no such picture.")
            return view(request, picture)

        return self.admin_site.admin_view(update_wrapper(wrapped, view))

    @admin.display(description="")
    def small(self, picture):
        return format_html('<img class="thumbnail" src="{}" alt="">', small_url(picture))

    @admin.display(description="picture")
    def picture(self, picture):
        return format_html(
            '<a href="{}"><img class="archive-picture" src="{}" alt="{}"></a>',
            original_url(picture),
            small_url(picture),
            picture.alt or picture.title,
        )

    @admin.display(description="readers")
    def standing(self, picture):
        if picture.withdrawn_at:
            return mark_safe('<strong class="withdrawn">Withdrawn</strong>')
        return "Public" if picture.renditions else "Private"

    @admin.display(description="size", ordering="width")
    def dimensions(self, picture):
        return f"{picture.width} × {picture.height}"


def small_url(picture):
    return reverse("admin:articles_picture_small", args=[picture.pk])


def original(request, picture):
    return file_of(picture)


def small(request, picture):
    return small_file_of(picture)


@require_POST
def withdraw(request, picture):
    now = timezone.now()
    try:
        picture.withdraw(by=request.user, now=now, reason=request.POST.get("reason", "").replace("\0", ""))
    except MoveNotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        if remove(picture, now):
            messages.success(request, f"“{picture}” is withdrawn. No page shows it, and its public files are deleted.")
        else:
            messages.warning(
                request,
                f"“{picture}” is withdrawn and no page shows it, but its public files could not be deleted yet. "
                "The worker tries again every minute; the log says why.",
            )
    return redirect("admin:articles_picture_change", picture.pk)
