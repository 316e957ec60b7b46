"""The working copy of a story."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from articles.workflow import PEOPLES_VERBS, Facts, Kind, Matter, MoveNotAllowed, PublicState, Role, Status, judge

from .content import BylineRow, ContentColumns
from .history import Event, Review
from .publication import Publication
from .takedowns import Takedown
from .verbs import ArticleVerbs

TURNS = ("request_changes", "discard", "publish", "fire")  # an editor's comment holds until one of the others


def roles_of(user):
    """What `user` is in the newsroom, read from permissions; a superuser may act as any of them."""
    marks = {
        Role.JOURNALIST: "articles.save_article",
        Role.EDITOR: "articles.see_every_article",
        Role.MANAGING: "articles.see_restricted_articles",
    }
    return frozenset(role for role, permission in marks.items() if user.has_perm(permission))


class Legal(models.TextChoices):
    NOT_NEEDED = "not_needed", "Not needed"
    REQUIRED = "required", "Required"
    DONE = "done", "Done"


class ArticleQuerySet(models.QuerySet):
    def own(self, user):
        """Stories that `user` began, is assigned to, or stands in the byline of with this login."""
        lines = ArticleByline.objects.filter(article=models.OuterRef("pk"), author__user=user)
        return self.filter(Q(creator=user) | Q(assignee=user) | Q(models.Exists(lines)))

    def seen_by(self, user):
        """What behaves as existing for `user` at the desk. Everything else answers as if it did not exist."""
        roles = roles_of(user)
        if Role.MANAGING in roles:
            return self
        own = Q(pk__in=Article.objects.own(user).values("pk"))
        if Role.EDITOR in roles:
            named = Q(pk__in=Article.named_editors.through.objects.filter(user=user).values("article"))
            return self.filter(Q(restricted=False) | own | named)
        return self.filter(own) if roles else self.none()

    def waiting_for_review(self):
        return self.filter(status=Status.IN_REVIEW)

    def for_desk(self, now):
        """With what a list says of each story: section, its reviews (`rounds`), latest `turn`, and what is public.

        `red_flags.marks` says the latter in words.
        """
        public = Publication.objects.visible(now).filter(article=models.OuterRef("pk"))
        waiting = Publication.objects.open().filter(article=models.OuterRef("pk"))
        down = Takedown.objects.filter(article=models.OuterRef("pk"), lifted_at__isnull=True)
        unread = Review.objects.open().filter(article=models.OuterRef("pk"), subject=Review.Subject.EMERGENCY)
        turns = Event.objects.filter(article=models.OuterRef("pk"), verb__in=TURNS).order_by("-number")
        rounds = Review.objects.filter(subject=Review.Subject.CONTENT).select_related("submitted_by", "decided_by")
        return (
            self.select_related("section", "creator")
            .defer("body")
            .annotate(
                has_public_version=models.Exists(public),
                public_kind=models.Subquery(public.values("kind")[:1]),
                down_code=models.Subquery(down.values("code")[:1]),
                goes_out_at=models.Subquery(waiting.values("visible_from")[:1]),
                is_unreviewed=models.Exists(unread),
                turn=models.Subquery(turns.values("verb")[:1]),
            )
            .prefetch_related(models.Prefetch("reviews", rounds.order_by("-submitted_at", "-pk"), to_attr="rounds"))
        )


class Article(ArticleVerbs, ContentColumns):
    status = models.CharField(
        max_length=20, choices=[(s.value, s.label) for s in Status], default=Status.DRAFT.value, editable=False
    )
    lock_version = models.PositiveIntegerField(default=0, editable=False)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="created_articles", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    # The form it was begun in: sent twice, or come back to, one form begins one story.
    form_key = models.UUIDField(null=True, unique=True, editable=False)
    saved_at = models.DateTimeField(editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="assigned_articles"
    )
    restricted = models.BooleanField(
        default=False, help_text="Only its own people, the editors named here and managing editors see it."
    )
    named_editors = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="named_on_articles")
    due = models.DateField(null=True, blank=True, help_text="When the words should be ready.")
    # Whose signature is awaited: an editor changed the words, and their author is asked to submit them.
    to_sign = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="articles_to_sign"
    )
    legal = models.CharField("legal check", max_length=10, choices=Legal, default=Legal.NOT_NEEDED, editable=False)
    legal_note = models.CharField(max_length=300, blank=True, editable=False)
    legal_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    legal_at = models.DateTimeField(null=True, editable=False)
    legal_revision = models.ForeignKey(
        "articles.Revision", models.PROTECT, null=True, editable=False, related_name="+"
    )
    embargo = models.DateTimeField(null=True, blank=True, editable=False)
    appeal_off = models.BooleanField("no appeal on this story", default=False, editable=False)
    appeal_off_reason = models.CharField(max_length=200, blank=True, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = "story", "stories"
        ordering = ["-saved_at"]
        default_permissions = ()
        permissions = [
            ("view_article", "Can open stories at the desk"),
            ("see_every_article", "Sees every story that is not restricted"),
            ("see_restricted_articles", "Sees restricted stories too"),
            ("switch_appeal", "Can switch the appeal off and on"),
            ("assign_article", "Can assign stories, set their dates and restrict them"),
            ("waive_check", "Can waive points of the checklist and record legal checks"),
            *((f"{verb.name}_article", f"Can {verb.label.lower()}") for verb in PEOPLES_VERBS),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=[s.value for s in Status]), name="article_status_known"),
            models.CheckConstraint(
                condition=Q(appeal_off=False) | ~Q(appeal_off_reason=""), name="article_appeal_off_has_a_reason"
            ),
        ]

    def __str__(self):
        return self.headline or "Untitled story"

    # --- What is known of it -------------------------------------------------------------------------------------

    def at_hand(self):
        """For a page that shows this story and changes nothing: what it asks again and again is asked once."""
        found = self.reviews.select_related("submitted_by", "decided_by").order_by("-submitted_at", "-pk")
        self.every_review = list(found)
        self.rounds = [review for review in self.every_review if review.subject == Review.Subject.CONTENT]
        models.prefetch_related_objects([self], "bylines", "topics")
        return self

    def byline_lines(self):
        return self.bylines.all()

    @property
    def latest_revision(self):
        return self.revisions.select_related("by").order_by("-number").first()

    @property
    def latest_review(self):
        if hasattr(self, "rounds"):
            return self.rounds[0] if self.rounds else None
        return self.reviews.filter(subject=Review.Subject.CONTENT).order_by("-submitted_at", "-pk").first()

    def newest_reviews(self):
        """All of every subject, the newest first."""
        if hasattr(self, "every_review"):
            return self.every_review
        return list(self.reviews.order_by("-submitted_at", "-pk"))

    def live_at(self, now):
        """The version that readers see at `now`, if any: a scheduled one is not among them before its second."""
        return self.publications.visible(now).first()

    @property
    def live(self):
        """The version that readers see as this is asked."""
        return self.live_at(timezone.now())

    @property
    def scheduled_version(self):
        """The approved version that waits for its time, or has just reached it and is not booked yet."""
        return self.publications.open().first() if self.status == Status.SCHEDULED else None

    unbooked = None  # in `as_at`: the version that is public by time alone and not in the history yet

    def as_at(self, now):
        """This story as it stands at `now`, to be shown: what is due counts as booked, as the next verb books it.

        Nothing is stored.
        """
        self.unbooked = self.publications.due(now).first() if self.status == Status.SCHEDULED else None
        if self.unbooked:
            self.status, self.lock_version, self.to_sign = Status.PUBLISHED.value, self.lock_version + 1, None
        return self

    def public_state(self, now):
        if self.takedowns.filter(lifted_at__isnull=True).exists():
            return PublicState.DOWN
        kinds = self.publications.current(now).values_list("kind", flat=True)
        if not kinds:
            return PublicState.NEVER
        return PublicState.RETRACTED if kinds[0] == Kind.RETRACTION else PublicState.UP

    def is_own(self, user):
        """The rule of `own` for a story that is already at hand."""
        return user.pk in {self.creator_id, self.assignee_id} or self.bylines.filter(author__user=user).exists()

    def facts(self, user, now):
        """What `workflow.judge` needs to know about this story and `user` at `now` (UTC)."""
        reviews = self.newest_reviews()
        review = next((review for review in reviews if review.subject == Review.Subject.CONTENT), None)
        openers = self._open_matters(reviews)
        return Facts(
            status=Status(self.status),
            public=self.public_state(now),
            roles=roles_of(user),
            own=self.is_own(user),
            submitter=review is not None and review.submitted_by_id == user.pk,
            ever_submitted=review is not None,
            open=frozenset(openers),
            opened=frozenset(matter for matter, opener in openers.items() if opener == user.pk),
        )

    def _open_matters(self, reviews):
        """What waits for a second person: {Matter: the id of who opened it}."""
        found = {Matter(review.subject): review.submitted_by_id for review in reviews if review.outcome is None}
        proposer = self.blankings.open().values_list("proposed_by", flat=True).first()
        return found | ({Matter.BLANKING: proposer} if proposer else {})

    @property
    def asked_for_changes(self):
        """The review whose comment the author works from: the latest one, if its changes are still to be made."""
        review = self.latest_review
        if self.status not in {Status.DRAFT, Status.CHANGES_REQUESTED} or review is None:
            return None
        asked = review.outcome == Review.Outcome.CHANGES_REQUESTED
        return review if asked and self._latest_turn() == "request_changes" else None

    def _latest_turn(self):
        if hasattr(self, "turn"):
            return self.turn
        return self.events.filter(verb__in=TURNS).order_by("-number").values_list("verb", flat=True).first()

    def allowed_verbs(self, user, now, facts=None):
        """The verbs that `user` may use on this story now, in the table's order: what buttons to show.

        `facts` saves asking for them once more, where a page has them already.
        """
        facts, allowed = facts or self.facts(user, now), []
        for verb in PEOPLES_VERBS:
            try:
                judge(verb.name, facts)
            except MoveNotAllowed:
                continue
            if user.has_perm(verb.permission):
                allowed.append(verb)
        return allowed


class ArticleByline(BylineRow):
    article = models.ForeignKey(Article, models.CASCADE, related_name="bylines")

    class Meta(BylineRow.Meta):
        constraints = [models.UniqueConstraint(fields=["article", "position"], name="article_byline_position_once")]
