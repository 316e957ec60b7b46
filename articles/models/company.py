"""Who works on a story besides its history: what is typed and not saved, who has it open, who else may read it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from .history import Event, Revision
from .kept import WORDS_GONE, Kept, KeptQuerySet
from .takedowns import Takedown


class OtherWordsKept(Exception):
    """Words typed in another window are kept for this person and story: `autosave`. They are not written over."""

    def __init__(self, autosave):
        self.autosave = autosave
        super().__init__("Other words of yours are kept for this story, typed in another window.")


class BlankedSince(Exception):
    """Words of the story were blanked after this form was opened, so what stands in it is not kept again (R22)."""

    def __init__(self):
        super().__init__("Words of this story were blanked after this page was opened. Reload the page to go on.")


class AutosaveQuerySet(models.QuerySet):
    def into(self, article):
        """What anybody typed into `article`, also in the form that it was begun in."""
        place = Q(article=article) if article.pk else Q()
        if article.form_key:
            place |= Q(form_key=article.form_key)
        return self.filter(place)

    def of(self, article, user):
        return self.into(article).filter(by=user)

    def in_places(self, stories):
        """Those typed into `stories` (keys), and into forms of stories that were never saved."""
        return self.filter(Q(article__in=stories) | Q(article__isnull=True))

    def offered(self, article, user):
        """What to offer `user` when the form opens: typed, never saved, and not what is stored; None otherwise."""
        stored = article.content() if article.pk else None
        return next((kept for kept in self.of(article, user) if kept.content != stored), None)

    @transaction.atomic
    def keep(self, article, stored, *, by, typing, **typed):
        """Keep what was typed in the form's opening `typing`; None where it is what is `stored` already.

        Raises `OtherWordsKept` rather than write over what was typed in another window, or before a crash,
        and `BlankedSince` where words of the story were blanked after the form was opened.
        """
        _refuse_what_was_blanked(article, str(typing), typed["lock_version"])
        place = {"article": article} if article.pk else {"form_key": article.form_key}
        if typed["content"] == stored:
            self.filter(by=by, typing=typing, **place).delete()
            return None
        kept, is_new = self.get_or_create(by=by, **place, defaults={"typing": typing, **typed})
        if kept.typing != typing:
            raise OtherWordsKept(kept)
        if not is_new:
            self.filter(pk=kept.pk).update(**typed)
        return kept

    def forget(self, article, *, by, typing):
        """`by` saved the story in the opening `typing` of its form. What another window keeps stays, if it differs."""
        for kept in self.of(article, by):
            if kept.typing == typing or kept.content == article.content():
                kept.delete()


def _refuse_what_was_blanked(article, typing, typed_over):
    """Also for the form that the story was begun in. The row is held, so that no blanking comes in between."""
    place = Q(pk=article.pk) if article.pk else Q(form_key=article.form_key)
    stories = list(type(article).objects.filter(place).select_for_update(of=("self",)))
    for event in Event.objects.filter(article__in=stories, verb="confirm_blank"):
        if typed_over < event.data.get("lock_version", 0) or typing in event.data.get("openings", []):
            raise BlankedSince


class Autosave(models.Model):
    """What somebody has typed and not saved yet. One row per person and story; never history, seen by nobody else.

    A story that was never saved has no row yet; its form's key stands for it.
    """

    article = models.ForeignKey("articles.Article", models.CASCADE, null=True, related_name="autosaves")
    form_key = models.UUIDField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    typing = models.UUIDField(default=uuid.uuid4, help_text="The opening of the form in which it was typed.")
    content = models.JSONField()
    lock_version = models.PositiveIntegerField(help_text="The version of the story it was typed over.")
    opened = models.PositiveIntegerField(
        default=0, help_text="The revision it was typed over; 0 where there was none."
    )
    at = models.DateTimeField()

    objects = AutosaveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "by"], name="one_autosave_per_person_and_story"),
            models.UniqueConstraint(fields=["form_key", "by"], name="one_autosave_per_person_and_form"),
            models.CheckConstraint(
                condition=Q(article__isnull=False, form_key__isnull=True)
                | Q(article__isnull=True, form_key__isnull=False),
                name="autosave_of_a_story_or_a_form",
            ),
        ]

    def __str__(self):
        return f"autosave of article {self.article_id} by {self.by}"

    def is_stale(self, article):
        """Whether the story moved on since."""
        return self.lock_version != article.lock_version


HEARD_OF = timedelta(seconds=60)  # a page that is open says so every 20 seconds
FORGOTTEN = timedelta(hours=1)


class PresenceQuerySet(models.QuerySet):
    def touch(self, article, user, now):
        """`user` has `article` open at `now`. Who had it open long ago is nobody's business any more."""
        self.filter(article=article, at__lt=now - FORGOTTEN).delete()
        if not self.filter(article=article, user=user).update(at=now):
            self.update_or_create(article=article, user=user, defaults={"at": now})

    def others(self, article, user, now):
        """Who besides `user` has `article` open and may see it, each with the time of their last save as `saved`."""
        saves = Revision.objects.filter(article=article, by=models.OuterRef("user")).order_by("-number")
        rows = (
            self.filter(article=article, at__gt=now - HEARD_OF, user__is_active=True)
            .exclude(user=user)
            .select_related("user")
            .annotate(saved=models.Subquery(saves.values("at")[:1]))
            .order_by("pk")
        )
        stories = type(article).objects
        return [row for row in rows if stories.seen_by(row.user).filter(pk=article.pk).exists()]


class Presence(models.Model):
    """Who has a story open, to write or to read, as last heard of."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "user"], name="one_presence_per_person_and_story")]

    def __str__(self):
        return f"{self.user} at article {self.article_id}"


class WaiverQuerySet(KeptQuerySet):
    def lift(self, *, by, now):
        """Take back those that stand. Returns how many there were."""
        return self.filter(lifted_at__isnull=True)._change(lifted_by=by, lifted_at=now)

    def blank(self):
        """Remove what was said; which point was waived, by whom and when stays (R22)."""
        return self._change(reason=WORDS_GONE)


class Waiver(Kept):
    """An editor lets a story pass a point of the checklist, and says why. It stands until it is lifted."""

    may_still = "`lift` takes it back, once; `blank` removes its reason."

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="waivers")
    item = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "item"], condition=Q(lifted_at__isnull=True), name="one_open_waiver_per_item"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_says_why"),
        ]

    def __str__(self):
        return f"{self.item} waived for article {self.article_id}"


TOKEN = signing.Signer(salt="articles.preview", sep=".")


def _yes(condition):
    return models.ExpressionWrapper(condition, output_field=models.BooleanField())


class PreviewLinkQuerySet(models.QuerySet):
    def open(self, now):
        """Those that nobody revoked and that have not expired."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)

    def revoke(self, *, by, now):
        """Let those that are open lead nowhere from now on. Returns how many there were."""
        return self.open(now).update(revoked_by=by, revoked_at=now)

    def with_standing(self):
        """Each with what decides, beside its own times, whether it leads somewhere: `is_closed_off`, `has_words`.

        Closed off is a link whose story was restricted or taken down after it was made: who has it is not known
        then. For good, also once that is lifted: whoever lifts it thinks of the newsroom, not of a link from before.
        """
        of_story = {"article": models.OuterRef("article")}
        since = {"at__gte": models.OuterRef("at")}
        downs = Takedown.objects.filter(**of_story, **since)
        restricting = Event.objects.filter(**of_story, verb="assign", data__restricted=True)
        never_said = Q(article__restricted=True) & ~models.Exists(restricting)
        closed_off = Q(models.Exists(downs)) | Q(models.Exists(restricting.filter(**since))) | never_said
        latest = Revision.objects.filter(article=models.OuterRef(models.OuterRef("article"))).order_by("-number")
        latest = Revision.objects.filter(pk=models.Subquery(latest.values("pk")[:1]), content__isnull=False)
        one = Q(revision__isnull=False, revision__content__isnull=False)
        has_words = one | Q(Q(revision__isnull=True), models.Exists(latest))
        return self.annotate(is_closed_off=_yes(closed_off), has_words=_yes(has_words))

    def behind(self, token, now):
        """The link that `token` belongs to, as long as it leads somewhere at `now`; None for every other string."""
        try:
            key = uuid.UUID(TOKEN.unsign(token))
        except (signing.BadSignature, ValueError):
            return None
        link = self.with_standing().select_related("article", "revision", "by").filter(pk=key).first()
        return link if link and link.is_open(now) else None


class PreviewLink(models.Model):
    """A way for somebody without a login to read one revision, or the latest one, until a day; it can be revoked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="preview_links")
    revision = models.ForeignKey("articles.Revision", models.PROTECT, null=True, related_name="+")  # null: the latest
    meant_for = models.CharField(max_length=120, blank=True, help_text="Who gets it: “the lawyer”.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]

    def __str__(self):
        return f"preview of article {self.article_id}"

    def get_absolute_url(self):
        return reverse("articles:preview", args=[self.token])

    @property
    def token(self):
        """What the address holds. It cannot be guessed, and nobody but this site can make one."""
        return TOKEN.sign(self.pk.hex)

    def words(self):
        """The content that it shows, as a dict; None once that was blanked."""
        latest = self.revision or self.article.latest_revision
        return latest and latest.content

    def is_open(self, now):
        """Whether it leads somewhere at `now`."""
        is_over = self.revoked_at is not None or self.expires_at <= now or not self.by.is_active
        if is_over:
            return False
        known = self if hasattr(self, "has_words") else PreviewLink.objects.with_standing().get(pk=self.pk)
        return known.has_words and not known.is_closed_off
