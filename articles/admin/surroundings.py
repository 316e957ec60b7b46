"""What stands around the signed words and changes at once: sections, topics, authors. For editors."""

from django.contrib import admin

from articles.forms import AddressForm
from articles.models import Author, FormerSlug, Picture, Section, Topic


class AddressAdmin(admin.ModelAdmin):
    """Rows with a public address. A former one goes on leading to them (R7)."""

    form = AddressForm
    actions = None
    view_on_site = False  # the page is there only once something of theirs is public
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def save_model(self, request, row, form, change):
        super().save_model(request, row, form, change)
        former = form.initial.get("slug")
        if change and former and former != row.slug:
            kind = row._meta.model_name
            FormerSlug.objects.update_or_create(kind=kind, slug=former, defaults={"target": row.pk})

    def has_delete_permission(self, request, obj=None):
        return False  # published stories name them for good


@admin.register(Section)
class SectionAdmin(AddressAdmin):
    list_display = ["name", "slug", "position", "description"]


@admin.register(Topic)
class TopicAdmin(AddressAdmin):
    list_display = ["name", "slug", "description"]


@admin.register(Author)
class AuthorAdmin(AddressAdmin):
    list_display = ["name", "slug", "user"]
    list_select_related = ["user"]
    readonly_fields = ["login"]

    def get_fields(self, request, obj=None):
        """Whose login an author is decides who sees that author's stories, restricted ones too."""
        may_choose = request.user.has_perm("articles.see_restricted_articles")
        return ["name", "slug", "bio", "photo", "user" if may_choose else "login"]

    @admin.display(description="login", empty_value="none")
    def login(self, author):
        """The name alone: the account's page is not for editors."""
        return author.user and (author.user.get_full_name() or author.user.get_username())

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "photo":
            kwargs["queryset"] = Picture.objects.seen_by(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
