import uuid
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.originals import clean_original
from articles.workflow import Role


def original_path(picture, filename):
    """A random name in private storage: nothing of the uploader's file name, nothing that can be guessed."""
    return f"pictures/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


class PictureQuerySet(models.QuerySet):
    def published(self, now):
        """Pictures whose renditions readers may be shown: once in a public version, or the photo of an author of one.

        A photo of an author who has no page yet stays private with all else that nobody has published.
        """
        from .people import Author
        from .publication import Publication

        used = Publication.objects.filter(lead_picture=models.OuterRef("pk"))
        photos = Author.objects.public(now).filter(photo=models.OuterRef("pk"))
        return self.filter(models.Q(models.Exists(used)) | models.Q(models.Exists(photos)))

    def awaiting_renditions(self, now):
        return self.published(now).filter(renditions=[])

    def seen_by(self, user):
        """The archive as `user` knows it: own uploads, what readers see, what lies in stories that `user` sees.

        Editors see everything besides that never lay in a restricted story hidden from them, replaced pictures too.
        """
        from .article import Article, roles_of
        from .history import Revision

        roles = roles_of(user)
        if Role.MANAGING in roles:
            return self
        if not user.has_perm("articles.view_picture"):
            return self.none()
        stories = Article.objects.filter(lead_picture=models.OuterRef("pk"))
        known = models.Q(uploaded_by=user) | models.Q(pk__in=Picture.objects.published(timezone.now()).values("pk"))
        known |= models.Q(models.Exists(stories.seen_by(user)))
        if Role.EDITOR in roles:
            hidden = Article.objects.filter(restricted=True).exclude(pk__in=Article.objects.seen_by(user).values("pk"))
            once = Revision.objects.filter(article__in=hidden, content__lead_picture__isnull=False)
            secret = set(once.values_list("content__lead_picture", flat=True)) - {None, ""}
            known |= ~(models.Q(pk__in=secret) | models.Q(models.Exists(stories.filter(pk__in=hidden))))
        return self.filter(known)


class Picture(models.Model):
    """An original, private for ever. Publishing makes public renditions of it; the file itself never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original = models.ImageField(
        upload_to=original_path, width_field="width", height_field="height", help_text="JPEG, PNG or WebP."
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=120, help_text="How colleagues will find it. Readers never see this.")
    alt = models.CharField("alt text", max_length=300, blank=True, help_text="What the picture shows, in a sentence.")
    credit = models.CharField(max_length=120, blank=True, help_text="Who made it: “Photo: Ana Reyes”.")
    # What was made of it for readers: [{"name": path in public storage, "width": px, "height": px, "type": MIME}, …]
    renditions = models.JSONField(default=list, blank=True, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    uploaded_at = models.DateTimeField(editable=False)

    objects = PictureQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self):
        return self.title

    @classmethod
    def receive(cls, upload, *, by, now, title, alt="", credit=""):
        """Check `upload`, take private metadata off it and store it; `ValidationError` says why it is refused."""
        original = clean_original(upload)
        return cls.objects.create(
            original=original, title=title, alt=alt, credit=credit, uploaded_by=by, uploaded_at=now
        )
