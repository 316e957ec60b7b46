"""The readers' side: what went out, who signed it, when it is seen. A draft cannot leak from a table it is not in."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import JSONObject, Length
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from articles import content
from articles.bylines import byline_text
from articles.workflow import MOVES_UPDATED, Kind

from .content import BylineRow, ContentColumns, columns
from .sections import Section

models.TextField.register_lookup(Length)
WORDS_PER_MINUTE = 220


# Why a version may stand in public: two signed it, or one did in an emergency and said why, or it was imported.
SIGNED = Q(
    submitted_by__isnull=False,
    approved_by__isnull=False,
    approved_sha256__isnull=False,
    approved_sha256=F("sha256"),
) & ~Q(submitted_by=F("approved_by"))
UNSIGNED = Q(submitted_by__isnull=True, approved_by__isnull=True, approved_sha256__isnull=True)
EMERGENCY = Q(emergency_by__isnull=False, emergency_reason__isnull=False, emergency_reason__length__gte=20)
NO_EMERGENCY = Q(emergency_by__isnull=True, emergency_reason__isnull=True)
IMPORTED = Q(import_batch__isnull=False, kind=Kind.IMPORT.value, version=1)
NOT_IMPORTED = Q(import_batch__isnull=True) & ~Q(kind=Kind.IMPORT.value)


class JSONList(models.Aggregate):
    """The rows of a subquery as one JSON list, on either database."""

    output_field = models.JSONField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


class TopicList(models.Subquery):
    """The topics of a version as [{"name": …, "slug": …}, …], in the version's own query."""

    def __init__(self):
        rows = Publication.topics.through.objects.filter(publication=models.OuterRef("pk")).order_by()
        topics = JSONObject(name="topic__name", slug="topic__slug")
        super().__init__(rows.values("publication").annotate(found=JSONList(topics)).values("found"))


class Navigation(models.Subquery):
    """Every section as a JSON list of its columns, so that a page's story brings the site's navigation along."""

    def __init__(self):
        columns = {name: name for name in ("id", "name", "slug", "description", "position")}
        everything = Section.objects.order_by().annotate(all=models.Value(1)).values("all")
        super().__init__(everything.annotate(found=JSONList(JSONObject(**columns))).values("found"))


class PublicationQuerySet(models.QuerySet):
    def not_down(self):
        down = Takedown.objects.filter(article=models.OuterRef("article"), lifted_at__isnull=True)
        return self.filter(~models.Exists(down))

    def visible(self, now):
        """What readers may see at `now`: one public version of every article that is up."""
        still_up = Q(visible_until=None) | Q(visible_until__gt=now)
        return self.not_down().filter(still_up, visible_from__lte=now)

    def seen(self, now):
        """Every version that readers have seen by `now`, of articles that are not taken down, newest first."""
        return self.not_down().once_seen(now).order_by("article_id", "-version")

    def once_seen(self, now):
        """Every version that readers have ever seen by `now`: what addresses were born of. Its words may be gone."""
        return self.filter(visible_from__lte=now).exclude(visible_until=F("visible_from"))

    def open(self):
        return self.filter(visible_until__isnull=True)

    def newest_first(self):
        return self.order_by("-first_published", "-article_id")

    def for_page(self):
        """With everything a page prints of a version, and nothing of the working copy, in two queries."""
        working_copy = [f"article__{name}" for name in (*content.TEXTS, "body")]
        lines = PublicationByline.objects.select_related("author__photo")
        return (
            self.select_related("section", "lead_picture", "aid", "article")
            .defer("aid__text", *working_copy)
            .annotate(topic_list=TopicList(), navigation=Navigation())
            .prefetch_related(models.Prefetch("bylines", lines))
        )

    def for_list(self):
        """With what a list of stories prints of each: no body, in two queries."""
        lines = PublicationByline.objects.select_related("author")
        return (
            self.select_related("section", "lead_picture", "aid")
            .defer("body", "aid__text")
            .prefetch_related(models.Prefetch("bylines", lines))
        )

    def for_links(self):
        """With what a mere link to each prints: headline, day and section, in one query."""
        return self.select_related("section").defer("body")

    def by(self, author):
        return self.filter(pk__in=PublicationByline.objects.filter(author=author).values("publication"))

    def beside(self, story, now, count):
        """Up to `count` stories to read after `story`: those that share a topic first, then its section's newest."""
        links = Publication.topics.through.objects.filter(publication=models.OuterRef("pk"))
        shares = models.Exists(links.filter(topic__publications=story))
        others = self.visible(now).exclude(article=story.article_id).newest_first()
        by_topic, by_section = others.filter(shares), others.filter(section=story.section_id)
        newest = Q(pk__in=by_topic.values("pk")[:count]) | Q(pk__in=by_section.values("pk")[:count])
        return self.filter(newest).annotate(shares=shares).order_by("-shares", "-first_published")[:count]


class Publication(ContentColumns):
    """One public version of a story. After it is written only `visible_until` ever changes."""

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="publications")
    revision = models.ForeignKey("articles.Revision", models.PROTECT, null=True, related_name="publications")
    section = models.ForeignKey("articles.Section", models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=[(k.value, k.label) for k in Kind])
    public_note = models.TextField(blank=True)
    first_published = models.DateTimeField(db_index=True)
    updated = models.DateTimeField(null=True, help_text="Null until a change that readers should know of.")
    visible_from = models.DateTimeField()
    visible_until = models.DateTimeField(null=True)
    embargo = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_sha256 = models.CharField(max_length=64, null=True)
    emergency_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    emergency_reason = models.TextField(null=True)
    import_batch = models.CharField(max_length=60, null=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ["article_id", "version"]
        indexes = [models.Index(fields=["section", "-first_published"], name="section_newest_first")]
        constraints = [
            models.UniqueConstraint(fields=["article", "version"], name="publication_version_once"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(visible_until__isnull=True), name="one_open_publication_per_article"
            ),
            models.CheckConstraint(
                condition=(SIGNED & NO_EMERGENCY & NOT_IMPORTED)
                | (UNSIGNED & EMERGENCY & NOT_IMPORTED)
                | (UNSIGNED & NO_EMERGENCY & IMPORTED),
                name="publication_signed_or_emergency_or_import",
            ),
            models.CheckConstraint(
                condition=Q(visible_until__isnull=True) | Q(visible_until__gte=F("visible_from")),
                name="publication_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(embargo__isnull=True) | Q(visible_from__gte=F("embargo")),
                name="publication_not_before_embargo",
            ),
        ]

    def __str__(self):
        return f"{self.headline} (version {self.version})"

    def get_absolute_url(self):
        day = timezone.localtime(self.first_published)
        parts = [
            self.section.slug,
            day.strftime("%Y"),
            day.strftime("%m"),
            f"{self.slug or 'story'}-{self.article_id}",
        ]
        return reverse("articles:article", args=parts)

    def byline_lines(self):
        return self.bylines.all()

    @property
    def byline(self):
        return byline_text(self.byline_lines())

    @property
    def minutes(self):
        """Reading time; counted anew while the side table that keeps it is being made again."""
        aid = getattr(self, "aid", None)
        return aid.minutes if aid else reading_minutes(self.body)

    def is_visible(self, now):
        """The rule of `visible` for a version that is already at hand and not taken down."""
        return self.visible_from <= now and (self.visible_until is None or self.visible_until > now)

    @property
    def is_retracted(self):
        return self.kind == Kind.RETRACTION

    @property
    def shown_standfirst(self):
        """What lists and feeds print below the headline; nothing of a story that was taken back."""
        return "" if self.is_retracted else self.standfirst

    @property
    def description(self):
        """What search engines and shared links say of it."""
        return "" if self.is_retracted else self.share_text or self.standfirst

    @property
    def shows_appeal(self):
        """Whether an appeal for gifts may stand on this page."""
        return not (self.sensitivity or self.is_retracted or self.article.appeal_off)

    @classmethod
    def write(cls, article, review, *, now, previous=None):
        """Store the reviewed words as the article's next public version, visible from `now` (UTC).

        The hash is taken from what was stored, so the database refuses whatever differs from what was approved.
        """
        words = content.clean(review.revision.content)  # it may be older than a field
        publication = cls(
            **columns(words),
            article=article,
            revision=review.revision,
            version=previous.version + 1 if previous else 1,
            kind=review.kind,
            public_note=review.public_note,
            first_published=previous.first_published if previous else now,
            updated=now if review.kind in MOVES_UPDATED else previous and previous.updated,
            visible_from=now,
            embargo=article.embargo,
            submitted_by=review.submitted_by,
            approved_by=review.decided_by,
            approved_sha256=review.sha256,
            sha256=content.digest(words, kind=review.kind, public_note=review.public_note),
        )
        publication.save(force_insert=True)
        publication.topics.set(words["topics"])
        PublicationByline.objects.bulk_create(
            PublicationByline(publication=publication, position=position, author_id=line["author"], role=line["role"])
            for position, line in enumerate(words["byline"])
        )
        ReadingAid.build(publication)
        return publication

    def is_intact(self):
        """Whether the row's own columns still give the hash that was signed."""
        return content.digest(self.content(), kind=self.kind, public_note=self.public_note) == self.sha256


class PublicationByline(BylineRow):
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="bylines")

    class Meta(BylineRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["publication", "position"], name="publication_byline_position_once")
        ]


def _words_of(body):
    return strip_tags(body.replace("</", " </")).split()


def reading_minutes(body):
    """Reading time of sanitised HTML in minutes, at least one."""
    return max(1, round(len(_words_of(body)) / WORDS_PER_MINUTE))


class ReadingAid(models.Model):
    """What can be counted from a version's words: made again at will, signed by nobody."""

    publication = models.OneToOneField(Publication, models.CASCADE, primary_key=True, related_name="aid")
    minutes = models.PositiveSmallIntegerField(help_text="Reading time in minutes, at least one.")
    text = models.TextField(help_text="All words without markup, for the search.")

    def __str__(self):
        return f"{self.minutes} min"

    @classmethod
    def build(cls, publication):
        words = f"{publication.headline} {publication.standfirst}".split() + _words_of(publication.body)
        text, minutes = " ".join(words), reading_minutes(publication.body)
        return cls.objects.update_or_create(publication=publication, defaults={"minutes": minutes, "text": text})[0]


class Takedown(models.Model):
    """A story answers 410 (gone) or 451 (a legal order) at once, its old versions too."""

    class Code(models.IntegerChoices):
        GONE = 410, "410: taken down by the newsroom"
        LEGAL = 451, "451: unavailable for legal reasons"

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="takedowns")
    code = models.PositiveSmallIntegerField(choices=Code)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article"], condition=Q(lifted_at__isnull=True), name="one_open_takedown_per_article"
            ),
            models.CheckConstraint(condition=Q(code__in=[410, 451]), name="takedown_code_410_or_451"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="takedown_lifted_by_someone",
            ),
        ]

    def __str__(self):
        return f"{self.code} for article {self.article_id}"


class FormerSlug(models.Model):
    """An address that a section, topic or author once had, never given to another: old links find their way."""

    class Kind(models.TextChoices):
        SECTION = "section"
        TOPIC = "topic"
        AUTHOR = "author"

    kind = models.CharField(max_length=8, choices=Kind)
    slug = models.SlugField(max_length=120, allow_unicode=True)
    target = models.PositiveBigIntegerField(help_text="The id of the section, topic or author it leads to today.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="former_slug_once")]

    def __str__(self):
        return f"{self.kind} {self.slug}"
