from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse

from articles.workflow import MoveNotAllowed

from .addresses import Addressed
from .content import AddressField
from .kept import HistoryStands

# First names of our own addresses: a section so named would never be reached. A test compares them with the routes.
RESERVED_NAMES = frozenset(
    "about admin authors campaigns corrections donate feed giving healthz media preview readyz robots.txt search"
    " sitemap-news.xml sitemap.xml static stripe thanks topics versions favicon.ico".split()
)


def not_reserved(slug):
    if slug.lower() in RESERVED_NAMES:
        raise ValidationError(f"“{slug}” is an address of the site itself. Choose another one, such as “{slug}-news”.")


class SectionQuerySet(models.QuerySet):
    def delete(self):
        raise HistoryStands(self.model, "deleted")

    delete.alters_data = True
    delete.queryset_only = True


class Section(Addressed):
    """Its page answers from its first day on, with stories or without, and therefore for ever (R7)."""

    may_still = "It may be renamed, and moved in the navigation."

    name = models.CharField(max_length=60, unique=True)
    slug = AddressField(max_length=60, unique=True, validators=[not_reserved])
    description = models.CharField(max_length=300, blank=True, help_text="One sentence for the top of its page.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the site's navigation, lowest first.")

    objects = SectionQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("articles:section", args=[self.slug])

    def delete(self, **options):
        raise HistoryStands(type(self), "deleted")


class TopicQuerySet(models.QuerySet):
    def public(self, now):
        """Topics of something that readers have seen by `now`: their pages answer for ever, an unborn one has none."""
        from .publication import Publication

        own = models.Q(topic=models.OuterRef("pk")) | models.Q(topic__merged_into=models.OuterRef("pk"))
        seen = Publication.objects.once_seen(now)
        return self.filter(models.Exists(Publication.topics.through.objects.filter(own, publication__in=seen)))

    def offered(self):
        """All but those that were merged into another one: what a story can be filed under."""
        return self.filter(merged_into__isnull=True)

    def known_as(self, keys):
        """The topics of `keys`, and those that were merged into one of them."""
        return self.filter(models.Q(pk__in=keys) | models.Q(merged_into__in=keys))

    def today_of(self, keys):
        """`keys`, numbers or as they were posted, with a merged topic's replaced by that of the one it went into."""
        moved = {str(old): new for old, new in self.filter(merged_into__isnull=False).values_list("pk", "merged_into")}
        return list(dict.fromkeys(moved.get(str(key), key) for key in keys))


class Topic(Addressed):
    name = models.CharField(max_length=80, unique=True)
    slug = AddressField(max_length=80, unique=True)
    description = models.CharField(max_length=300, blank=True)
    # Signed words keep the topic that was signed; readers find the one it was merged into. Never a chain.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged"
    )

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("merge_topic", "Can merge topics")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("articles:topic", args=[self.slug])

    @property
    def today(self):
        return self.merged_into or self

    @transaction.atomic
    def merge_into(self, target, *, by):
        """From now on readers find `target` in place of this topic, and what was merged into it before.

        Signed words keep their topics. `MoveNotAllowed` says why it is refused; then nothing is changed.
        """
        if not by.has_perm("articles.merge_topic"):
            raise MoveNotAllowed("Topics are merged by editors.")
        both = Topic.objects.select_for_update(no_key=True).filter(pk__in=[self.pk, target.pk]).order_by("pk")
        now = {topic.pk: topic for topic in both}
        for topic in now.values():
            if topic.merged_into_id:
                raise MoveNotAllowed(f"“{topic}” was merged into “{topic.merged_into}” already. Choose another topic.")
        if len(now) < 2:
            raise MoveNotAllowed(f"“{self}” cannot be merged into itself. Choose another topic.")
        self.merged.update(merged_into=target)
        self.merged_into = target
        self.save(update_fields=["merged_into"])
