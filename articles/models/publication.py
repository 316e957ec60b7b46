"""The readers' side: what went out, who signed it, when it is seen. A draft cannot leak from a table it is not in."""

from operator import itemgetter

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, JSONObject, Length
from django.urls import reverse
from django.utils import timezone

from articles import content
from articles.bylines import byline_text
from articles.workflow import MOVES_UPDATED, TOLD_IN_PUBLIC, Kind, Status

from .aids import PublicationPicture, ReadingAid, reading_minutes
from .content import BylineRow, ContentColumns, columns
from .kept import WORDS_GONE, Kept, KeptQuerySet
from .sections import Section, Topic
from .takedowns import Takedown

models.TextField.register_lookup(Length)


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


TOPIC = ("name", "slug")  # what a page prints of one


class JSONList(models.Aggregate):
    """The rows of a subquery as one JSON list, on either database."""

    output_field = models.JSONField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


class TopicList(models.Subquery):
    """The topics of a version as [{"name": …, "slug": …}, …] of today, in the version's own query."""

    def __init__(self):
        rows = Publication.topics.through.objects.filter(publication=models.OuterRef("pk")).order_by()
        topics = JSONObject(**{name: Coalesce(f"topic__merged_into__{name}", f"topic__{name}") for name in TOPIC})
        super().__init__(rows.values("publication").annotate(found=JSONList(topics)).values("found"))


class Navigation(models.Subquery):
    """Every section as a JSON list of its columns, so that a page's story brings the site's navigation along."""

    def __init__(self):
        columns = {name: name for name in ("id", "name", "slug", "description", "position")}
        everything = Section.objects.order_by().annotate(all=models.Value(1)).values("all")
        super().__init__(everything.annotate(found=JSONList(JSONObject(**columns))).values("found"))


def _is_shown(now):
    return Q(visible_from__lte=now) & (Q(visible_until=None) | Q(visible_until__gt=now))


class PublicationQuerySet(KeptQuerySet):
    def not_down(self):
        down = Takedown.objects.filter(article=models.OuterRef("article"), lifted_at__isnull=True)
        return self.filter(~models.Exists(down))

    def visible(self, now):
        """What readers may see at `now`: one public version of every article that is up."""
        return self.not_down().current(now)

    def current(self, now):
        """The version of every article whose time it is, taken down or not: for the desk alone."""
        return self.filter(_is_shown(now))

    def seen(self, now):
        """Every version that readers have seen by `now`, of articles that are not taken down, newest first.

        Each knows `removed`: 410 or 451 where its own words were blanked, or taken down before the story came back.
        """
        downs = Takedown.objects.filter(
            article=models.OuterRef("article"), lifted_at__gt=models.OuterRef("visible_from")
        )
        removed = Coalesce("blanked_code", models.Subquery(downs.order_by("-code").values("code")[:1]))
        return self.not_down().once_seen(now).annotate(removed=removed).order_by("article_id", "-version")

    def readable(self, now):
        """Versions whose words a page of ours shows at `now`: the present one, and former ones at their own address.

        Not what was removed, nor what a retraction took back; its notice stands without a picture.
        """
        retraction = Publication.objects.once_seen(now).filter(
            article=models.OuterRef("article"), kind=Kind.RETRACTION, version__gte=models.OuterRef("version")
        )
        return self.seen(now).filter(~models.Exists(retraction), removed__isnull=True)

    def once_seen(self, now):
        """Every version that readers have ever seen by `now`: what addresses were born of. Its words may be gone."""
        return self.filter(visible_from__lte=now).exclude(visible_until=F("visible_from"))

    def open(self):
        return self.filter(visible_until__isnull=True)

    def end(self, at):
        """Readers see these until `at`; one that ends as it begins is seen by nobody."""
        return self._change(visible_until=at)

    def reopen(self):
        return self._change(visible_until=None)

    def due(self, now):
        """Scheduled versions whose time has come and that nobody has booked yet: readers see them already."""
        return self.open().filter(visible_from__lte=now, article__status=Status.SCHEDULED)

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

    def with_one_text(self, now):
        """Without the bodies of versions that are no longer shown; the one that is has it as `shown_body`."""
        return self.defer("body").annotate(shown_body=models.Case(models.When(_is_shown(now), then="body")))

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

    def told(self, now):
        """Corrections, clarifications and retractions of stories that are up or retracted, newest first.

        Not what was removed, nor what lost its words with it.
        """
        stories = self.visible(now).values("article")
        told = self.seen(now).filter(kind__in=TOLD_IN_PUBLIC, removed__isnull=True, article__in=stories)
        return told.exclude(public_note="").order_by("-visible_from", "-pk")

    def by(self, author):
        return self.filter(pk__in=PublicationByline.objects.filter(author=author).values("publication"))

    def about(self, topic):
        """Versions that were signed with `topic`, or with one that was merged into it since."""
        links = Publication.topics.through.objects.filter(topic__in=Topic.objects.known_as([topic.pk]))
        return self.filter(pk__in=links.values("publication"))

    def beside(self, story, now, count):
        """Up to `count` stories to read after `story`: those that share a topic first, then its section's newest."""
        links = Publication.topics.through.objects
        topics = links.filter(publication=story).values(today=Coalesce("topic__merged_into", "topic"))
        shared = links.filter(publication=models.OuterRef("pk"), topic__in=Topic.objects.known_as(topics))
        shares = models.Exists(shared)
        others = self.visible(now).exclude(article=story.article_id).exclude(kind=Kind.RETRACTION).newest_first()
        by_topic, by_section = others.filter(shares), others.filter(section=story.section_id)
        newest = Q(pk__in=by_topic.values("pk")[:count]) | Q(pk__in=by_section.values("pk")[:count])
        return self.filter(newest).annotate(shares=shares).order_by("-shares", "-first_published")[:count]


class Publication(Kept, ContentColumns):
    """One public version of a story. After it is written only `visible_until` ever changes."""

    may_still = "`end` and `reopen` move its end, `blank` removes its words."

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="publications")
    revision = models.ForeignKey("articles.Revision", models.PROTECT, null=True, related_name="publications")
    section = models.ForeignKey("articles.Section", models.PROTECT, related_name="publications")
    topics = models.ManyToManyField("articles.Topic", through="articles.PublicationTopic", related_name="publications")
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
    blanked_at = models.DateTimeField(null=True)
    blanked_code = models.PositiveSmallIntegerField(null=True, help_text="What its page answers then: 410 or 451.")

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
            models.CheckConstraint(
                condition=Q(blanked_at__isnull=True, blanked_code__isnull=True)
                | Q(blanked_at__isnull=False, blanked_code__in=[410, 451]),
                name="publication_blanked_with_a_code",
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
    def shown_topics(self):
        """Its topics as they are called today, as [{"name": …, "slug": …}, …] by name; a version of `for_page`."""
        found = {topic["slug"]: topic for topic in self.topic_list or []}
        return sorted(found.values(), key=itemgetter("name"))

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
    def told_kind(self):
        """What readers are told that it is."""
        return Kind(self.kind).told

    @property
    def is_retracted(self):
        return self.kind == Kind.RETRACTION

    @property
    def marked_headline(self):
        """The headline where it stands alone: in titles, feeds and what search engines read."""
        return f"Retracted: {self.headline}" if self.is_retracted else self.headline

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
    def write(cls, article, words, *, at, previous, kind, public_note="", **signatures):
        """Store `words` (a content dict) as the article's next public version, visible from `at` (UTC).

        `previous` is the version that readers saw last, `signatures` say why it may stand: who signed, or who alone.
        The hash is taken from what is stored, so the database refuses whatever differs from what was approved.
        """
        words = content.clean(words)  # they may be older than a field
        last = article.publications.aggregate(last=models.Max("version"))["last"] or 0
        publication = cls(
            **columns(words),
            article=article,
            version=last + 1,
            kind=kind,
            public_note=public_note,
            first_published=previous.first_published if previous else at,
            updated=at if kind in MOVES_UPDATED and previous else previous and previous.updated,
            visible_from=at,
            embargo=None if kind == Kind.RETRACTION else article.embargo,  # a notice is nobody's scoop
            sha256=content.digest(words, kind=kind, public_note=public_note),
            **signatures,
        )
        publication.save()
        PublicationTopic.objects.bulk_create(
            PublicationTopic(publication=publication, topic_id=topic) for topic in words["topics"]
        )
        PublicationByline.objects.bulk_create(
            PublicationByline(publication=publication, position=position, author_id=line["author"], role=line["role"])
            for position, line in enumerate(words["byline"])
        )
        PublicationPicture.build(publication)
        ReadingAid.build(publication)
        return publication

    def blank(self, *, code, now):
        """Remove the words for good. Who signed them and when stays, and so does their hash (R22)."""
        kept = columns(content.only(self.content(), content.OF_A_BLANK))
        rows = Publication.objects.filter(pk=self.pk, blanked_at__isnull=True)
        rows._change(**kept, public_note="", blanked_at=now, blanked_code=code, **_without_reason(self))
        self.bylines.blank()
        ReadingAid.objects.filter(publication=self).delete()
        PublicationPicture.objects.filter(publication=self).delete()

    def is_intact(self):
        """Whether the row's own columns still give the hash that was signed."""
        return content.digest(self.content(), kind=self.kind, public_note=self.public_note) == self.sha256


def _without_reason(publication):
    return {} if publication.emergency_reason is None else {"emergency_reason": WORDS_GONE}


class BylineQuerySet(KeptQuerySet):
    def blank(self):
        """Remove the roles, which are typed; the authors stay (R22)."""
        return self._change(role="")


class PublicationByline(Kept, BylineRow):
    may_still = "`blank` removes its role."

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="bylines")

    objects = BylineQuerySet.as_manager()

    class Meta(BylineRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["publication", "position"], name="publication_byline_position_once")
        ]


class PublicationTopic(Kept):
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="+")
    topic = models.ForeignKey("articles.Topic", models.PROTECT, related_name="+")

    class Meta:
        db_table = "articles_publication_topics"
        unique_together = [("publication", "topic")]

    def __str__(self):
        return f"{self.topic} on {self.publication}"
