"""What stands around the signed words and changes at once: sections, topics, authors. For editors."""

from django.contrib import admin, messages
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone

from articles.forms import AddressForm, MergeForm
from articles.models import Author, Picture, Publication, Section, Topic
from articles.models.verbs.moving import tend_pictures
from articles.workflow import MoveNotAllowed

from .pages import page


class AddressAdmin(admin.ModelAdmin):
    """Rows with a public address. A former one goes on leading to them (R7)."""

    form = AddressForm
    actions = None
    view_on_site = False  # the page is there only once something of theirs is public
    search_fields = ["name"]

    def has_delete_permission(self, request, obj=None):
        return False  # published stories name them for good

    def save_model(self, request, obj, form, change):
        """Only what was typed is written: a topic that was merged since the form was read stays merged."""
        obj.save(update_fields=form.changed_data if change else None)


@admin.register(Section)
class SectionAdmin(AddressAdmin):
    list_display = ["name", "slug", "position", "description"]


@admin.register(Topic)
class TopicAdmin(AddressAdmin):
    list_display = ["name", "slug", "description", "merged_into"]
    list_select_related = ["merged_into"]
    change_form_template = "admin/articles/topic/change_form.html"

    def get_readonly_fields(self, request, obj=None):
        return ["merged_into"] if obj and obj.merged_into_id else []

    def get_urls(self):
        merge = self.admin_site.admin_view(self.merge)
        return [path("<int:key>/merge/", merge, name="articles_topic_merge"), *super().get_urls()]

    def merge(self, request, key):
        """First asks into which topic, then names both with their stories; only the second answer merges."""
        topic = self.get_queryset(request).filter(pk=key).first()
        if topic is None or not request.user.has_perm("articles.merge_topic"):
            raise Http404("There is no such topic.")
        form = MergeForm(request.POST or request.GET or None, topic=topic)
        target = form.cleaned_data["into"] if form.is_valid() else None
        if request.method == "POST" and target:
            return self.merged(request, topic, target)
        return page(request, "admin/articles/topic/merge.html", merge_context(topic, target, form))

    def merged(self, request, topic, target):
        try:
            topic.merge_into(target, by=request.user)
        except MoveNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, topic, f"Merged into “{target}”.")
            messages.success(request, f"“{topic}” is merged into “{target}”. Its address leads there.")
        return HttpResponseRedirect(reverse("admin:articles_topic_changelist"))


def merge_context(topic, target, form):
    stories = Publication.objects.visible(timezone.now())
    both = [(each, stories.about(each).count()) for each in (topic, target) if each]
    return {"title": f"Merge “{topic}”", "topic": topic, "target": target, "form": form, "both": both}


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

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if "photo" in form.changed_data:
            tend_pictures({form.initial.get("photo"), obj.photo_id} - {None})

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "photo":
            this = Author.objects.filter(pk=request.resolver_match.kwargs.get("object_id"))
            kept = this.values_list("photo", flat=True).first()
            kwargs["queryset"] = Picture.objects.offered_to(request.user, kept)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
