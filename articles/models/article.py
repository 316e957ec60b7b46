"""The working copy of a story."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from articles.workflow import VERBS, Facts, Kind, MoveNotAllowed, PublicState, Role, Status, judge

from .content import BylineRow, ContentColumns
from .history import Event, Review
from .publication import Publication
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

    def for_desk(self):
        """With what a list says of each story: section, whether it is up, its reviews (`rounds`), latest `turn`."""
        public = Publication.objects.open().filter(article=models.OuterRef("pk"))
        turns = Event.objects.filter(article=models.OuterRef("pk"), verb__in=TURNS).order_by("-number")
        rounds = Review.objects.filter(subject=Review.Subject.CONTENT).select_related("submitted_by", "decided_by")
        return (
            self.select_related("section", "creator")
            .defer("body")
            .annotate(has_public_version=models.Exists(public), turn=models.Subquery(turns.values("verb")[:1]))
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
            *((f"{verb.name}_article", f"Can {verb.label.lower()}") for verb in VERBS.values()),
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

    @property
    def live(self):
        """The open public version, if any; visibility at an instant is `Publication.objects.visible(now)`."""
        return self.publications.open().first()

    def public_state(self, now):
        if self.takedowns.filter(lifted_at__isnull=True).exists():
            return PublicState.DOWN
        visible = Publication.objects.visible(now).filter(article=self).values_list("kind", flat=True).first()
        if visible is None:
            return PublicState.NEVER
        return PublicState.RETRACTED if visible == Kind.RETRACTION else PublicState.UP

    def is_own(self, user):
        return Article.objects.own(user).filter(pk=self.pk).exists()

    def facts(self, user, now):
        """What `workflow.judge` needs to know about this story and `user` at `now` (UTC)."""
        review = self.latest_review
        return Facts(
            status=Status(self.status),
            public=self.public_state(now),
            roles=roles_of(user),
            own=self.is_own(user),
            submitter=review is not None and review.submitted_by_id == user.pk,
            ever_submitted=review is not None,
        )

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
        for verb in VERBS.values():
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
