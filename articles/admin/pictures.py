"""The picture archive. Originals are private: each request for one asks who is looking."""

from functools import update_wrapper
from mimetypes import guess_type

from django.contrib import admin
from django.http import FileResponse, Http404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from articles.forms import PictureForm
from articles.models import Picture
from articles.renditions import DESK_WIDTH, desk_copy


def private_renditions(picture):
    """The original as a rendition that only people who may see the picture can fetch."""
    kind = guess_type(picture.original.name)[0]
    size = {"width": picture.width, "height": picture.height}
    return [{"name": picture.original.name, "url": original_url(picture), "type": kind, **size}]


def original_url(picture):
    return reverse("admin:articles_picture_original", args=[picture.pk])


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    actions = None
    list_display = ["small", "title", "credit", "dimensions", "uploaded_by", "uploaded_at"]
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

    def save_model(self, request, picture, form, change):
        if not change:
            picture.uploaded_by, picture.uploaded_at = request.user, timezone.now()
        super().save_model(request, picture, form, change)

    def has_delete_permission(self, request, obj=None):
        return False  # stories and their history keep their pictures

    def get_urls(self):
        return [
            path("<uuid:key>/original/", self.of_picture(original), name="articles_picture_original"),
            path("<uuid:key>/small/", self.of_picture(small), name="articles_picture_small"),
            *super().get_urls(),
        ]

    def of_picture(self, view):
        """`view(picture)` for a picture that this person sees; every other key answers 404."""

        def wrapped(request, key):
            picture = Picture.objects.seen_by(request.user).filter(pk=key).first()
            if picture is None:
                raise Http404("There is no such picture.")
            return view(picture)

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

    @admin.display(description="size", ordering="width")
    def dimensions(self, picture):
        return f"{picture.width} × {picture.height}"


def small_url(picture):
    return reverse("admin:articles_picture_small", args=[picture.pk])


def original(picture):
    return _file(picture, picture.original.name)


def small(picture):
    if picture.width <= DESK_WIDTH or not picture.original.storage.exists(picture.original.name):
        return original(picture)
    return _file(picture, desk_copy(picture))


def _file(picture, name):
    try:
        file = picture.original.storage.open(name)
    except FileNotFoundError as missing:
        raise Http404("The file of this picture is missing from private storage.") from missing
    return FileResponse(file, content_type=guess_type(name)[0], headers={"Content-Disposition": "inline"})
