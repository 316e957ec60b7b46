"""The readers' side: what went out, who signed it, when it is seen. A draft cannot leak from a table it is not in."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone

from articles import content
from articles.bylines import byline_text
from articles.workflow import MOVES_UPDATED, Kind

from .content import BylineRow, ContentColumns, columns

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
        unseen = Q(visible_until=F("visible_from"))
        return self.not_down().filter(visible_from__lte=now).exclude(unseen).order_by("article_id", "-version")

    def open(self):
        return self.filter(visible_until__isnull=True)

    def newest_first(self):
        return self.order_by("-first_published", "-article_id")

    def for_page(self):
        """With everything a page prints of a version, in as few queries as there are lists."""
        return self.select_related("section", "lead_picture", "aid", "article").prefetch_related(
            models.Prefetch("bylines", PublicationByline.objects.select_related("author__photo"))
        )


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
    def shows_appeal(self):
        """Whether an appeal for gifts may stand on this page."""
        return not (self.sensitivity or self.kind == Kind.RETRACTION or self.article.appeal_off)

    @classmethod
    def write(cls, article, review, *, now, previous=None):
        """Store the reviewed words as the article's next public version, visible from `now` (UTC).

        The hash is taken from what was stored, so the database refuses whatever differs from what was approved.
        """
        words = review.revision.content
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


class ReadingAid(models.Model):
    """What can be counted from a version's words: made again at will, signed by nobody."""

    publication = models.OneToOneField(Publication, models.CASCADE, primary_key=True, related_name="aid")
    minutes = models.PositiveSmallIntegerField(help_text="Reading time in minutes, at least one.")
    text = models.TextField(help_text="All words without markup, for the search.")

    def __str__(self):
        return f"{self.minutes} min"

    @classmethod
    def build(cls, publication):
        from django.utils.html import strip_tags

        body = strip_tags(publication.body.replace("</", " </"))
        text = " ".join(f"{publication.headline} {publication.standfirst} {body}".split())
        minutes = max(1, round(len(body.split()) / WORDS_PER_MINUTE))
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
