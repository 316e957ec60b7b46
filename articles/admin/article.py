"""The list of stories and the addresses of everything that may be done to one. Status is no form field anywhere."""

from functools import update_wrapper

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from articles.bylines import byline_text
from articles.models import Article
from articles.red_flags import marks
from articles.workflow import PEOPLES_VERBS, Status

from . import autosave, checks, company, links, preview, reading, revisions, verbs, writing


class Stories(ChangeList):
    def get_queryset(self, request, exclude_parameters=None):
        return (
            super()
            .get_queryset(request, exclude_parameters)
            .for_desk(timezone.now())
            .prefetch_related("bylines__author")
        )


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    actions = None
    empty_value_display = "none yet"
    list_display = ["story", "where_it_stands", "section", "byline", "saved_at"]
    list_filter = ["status", "section"]
    list_per_page = 50
    search_fields = ["headline", "standfirst", "slug"]
    ordering = ["-saved_at"]
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        return super().get_queryset(request).seen_by(request.user)

    # --- Who may what: the newsroom's own permissions, not Django's four ------------------------------------------

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("articles.view_article")

    def has_add_permission(self, request):
        return self.has_view_permission(request) and request.user.has_perm("articles.save_article")

    def has_change_permission(self, request, obj=None):
        return self.has_view_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False  # a story is spiked or taken down; its history stays

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    # --- Addresses ------------------------------------------------------------------------------------------------

    def get_urls(self):
        """Only these: Django's own pages for deleting, history and "save as" do not exist for stories."""
        story = "<int:object_id>"
        moves = [
            path(f"{story}/{name}/", self.of_story(verbs.view_of(name)), name=f"articles_article_{name}")
            for name in (*(verb.name for verb in PEOPLES_VERBS if verb.name != "save"), *verbs.BEYOND_THE_TABLE)
        ]
        return [
            path("", self.admin_site.admin_view(self.changelist_view), name="articles_article_changelist"),
            path("add/", self.admin_site.admin_view(self.add_view), name="articles_article_add"),
            path(f"{story}/change/", self.of_story(writing.write), name="articles_article_change"),
            path(f"{story}/read/", self.of_story(reading.read), name="articles_article_read"),
            path(f"{story}/preview/", self.of_story(preview.preview), name="articles_article_preview"),
            *checks.addresses(story, self.of_story),
            path(
                "add/checks/", self.admin_site.admin_view(checks.typed_new), name="articles_article_typed_checks_new"
            ),
            *links.addresses(story, self.of_story),
            *(address for room in (autosave, company, revisions) for address in room.addresses(story, self.of_story)),
            *autosave.addresses("add", self.of_new_story, name="{}_new"),
            *moves,
        ]

    def of_story(self, view):
        """`view(request, article, …)` for a story that this person sees; every other number answers 404."""

        def wrapped(request, object_id, **rest):
            article = self.get_queryset(request).filter(pk=object_id).first()
            if article is None:
                raise Http404("There is no such story.")
            return view(request, article.as_at(timezone.now()), **rest)

        return self.admin_site.admin_view(update_wrapper(wrapped, view))

    def of_new_story(self, view):
        """`view(request, article)` for the story of the form whose key is in the address, stored or not."""

        def wrapped(request):
            article = writing.story_of_form(request) if self.has_add_permission(request) else None
            if article is None:
                raise Http404("There is no such form.")
            return view(request, article)

        return self.admin_site.admin_view(update_wrapper(wrapped, view))

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        return writing.begin(request)

    # --- The list -------------------------------------------------------------------------------------------------

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": "Stories", **(extra_context or {})})

    def get_changelist(self, request, **kwargs):
        return Stories

    @admin.display(description="story", ordering="headline")
    def story(self, article):
        return str(article)

    @admin.display(description="status", ordering="status")
    def where_it_stands(self, article):
        status = Status(article.status)
        beside = format_html_join("", ' <span class="status status--{}">{}</span>', marks(article, timezone.now()))
        return format_html('<span class="status status--{}">{}</span>{}', status.value, status.label, beside)

    @admin.display(description="byline")
    def byline(self, article):
        return byline_text(article.byline_lines())
