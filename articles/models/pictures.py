import uuid
from functools import reduce
from operator import or_
from pathlib import PurePath

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from articles.figures import figures, pictures_of
from articles.originals import clean_original
from articles.workflow import MoveNotAllowed, Role

from .kept import WORDS_GONE, Kept


def original_path(picture, filename):
    """A random name in private storage: nothing of the uploader's file name, nothing that can be guessed."""
    return f"pictures/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


def _is_shown(now):
    """Asked of each picture by its own rows, so that it is cheap for few pictures among many."""
    from .people import Author
    from .publication import Publication

    versions = Publication.objects.readable(now).filter(pictures__picture=models.OuterRef("pk")).order_by()
    photos = Author.objects.public(now).filter(photo=models.OuterRef("pk"))
    return models.Q(models.Exists(versions)) | models.Q(models.Exists(photos))


class PictureQuerySet(models.QuerySet):
    def published(self, now):
        """Pictures that readers have been shown by `now`: in a public version, or as the photo of an author of one.

        A photo of an author who has no page yet stays private with all else that nobody has published, and what was
        withdrawn is private again.
        """
        from .people import Author
        from .publication import Publication, PublicationPicture

        seen = Publication.objects.once_seen(now)
        used = PublicationPicture.objects.filter(picture=models.OuterRef("pk"), publication__in=seen)
        photos = Author.objects.public(now).filter(photo=models.OuterRef("pk"))
        return self.choosable().filter(models.Q(models.Exists(used)) | models.Q(models.Exists(photos)))

    def on_show(self, now):
        """Pictures that a page of ours shows at `now`: of versions that can be read, and photos of public authors.

        No others have files in public storage: not what waits for its time, was taken down, taken back or blanked.
        """
        return self.choosable().filter(_is_shown(now))

    def awaiting_renditions(self, now):
        return self.filter(renditions=[]).on_show(now)

    def off_show(self, now):
        """Pictures with public files that no page of ours shows at `now`."""
        return self.exclude(renditions=[]).filter(models.Q(withdrawn_at__isnull=False) | ~_is_shown(now))

    def taken_from_readers(self):
        """Those that were withdrawn, and all of stories of which anything was ever removed: few among many."""
        from .history import Blanking, Review
        from .takedowns import Takedown

        retracted = Review.objects.filter(subject=Review.Subject.RETRACTION)
        removed = [Takedown.objects.all(), retracted, Blanking.objects.filter(is_done=True)]
        stories = reduce(or_, (models.Q(article__in=rows.order_by().values("article")) for rows in removed))
        theirs = ArticlePicture.objects.filter(stories).values("picture")
        return self.filter(models.Q(withdrawn_at__isnull=False) | models.Q(pk__in=theirs))

    def choosable(self):
        """All but those that were withdrawn: they stand in no story again."""
        return self.filter(withdrawn_at__isnull=True)

    def offered_to(self, user, keep=None):
        """What `user` may choose from, and `keep`, the key of the picture that already stands in that place."""
        return self.seen_by(user).choosable() | Picture.objects.filter(pk=keep)

    def seen_by(self, user):
        """The archive as `user` knows it: own uploads, what readers see, what lies or lay in stories that `user` sees.

        Editors see everything besides that never lay in a restricted story hidden from them, replaced pictures too.
        """
        from .article import Article, roles_of

        roles = roles_of(user)
        if Role.MANAGING in roles:
            return self
        if not user.has_perm("articles.view_picture"):
            return self.none()
        stories, places = Article.objects.seen_by(user), ArticlePicture.objects.filter(picture=models.OuterRef("pk"))
        known = models.Q(uploaded_by=user) | models.Q(pk__in=Picture.objects.published(timezone.now()).values("pk"))
        known |= models.Q(models.Exists(places.filter(article__in=stories.values("pk"))))
        if Role.EDITOR in roles:
            hidden = Article.objects.filter(restricted=True).exclude(pk__in=stories.values("pk"))
            known |= ~models.Q(models.Exists(places.filter(article__in=hidden.values("pk"))))
        return self.filter(known)

    def in_bodies(self, *bodies):
        """{key: picture} of all that stand in `bodies`, in one query; in none where they name no picture."""
        keys = {figure.picture for body in bodies for figure in figures(body)}
        return {str(picture.pk): picture for picture in self.filter(pk__in=keys)} if keys else {}

    def blank(self, article, revisions):
        """Remove what was typed of the pictures in `revisions` that no other story and no author has; not the credit.

        The first words typed beside a picture go to the archive with it, so blanked ones may stand there, and in the
        desk's own log (R22). Why a picture of the story was withdrawn goes in any case: other stories tell it too.
        """
        from django.contrib.admin.models import LogEntry

        from .people import Author

        keys = {key for words in revisions.values_list("content", flat=True) if words for key in pictures_of(words)}
        elsewhere = ArticlePicture.objects.exclude(article=article).filter(picture__in=keys)
        photos = Author.objects.filter(photo__in=keys)
        own = self.filter(pk__in=keys).exclude(pk__in=elsewhere.values("picture"))
        own = own.exclude(pk__in=photos.values("photo"))
        log = LogEntry.objects.filter(content_type__app_label="articles", content_type__model="picture")
        own.update(title=WORDS_GONE, alt="")  # first, so that whoever has just saved one has logged it by now
        log.filter(object_id__in=[str(key) for key in own.values_list("pk", flat=True)]).update(object_repr=WORDS_GONE)
        gone = self.filter(places__article=article, withdrawn_at__isnull=False)
        self.filter(pk__in=gone.order_by().values("pk")).update(withdrawn_reason=WORDS_GONE)

    def search(self, text):
        """Those whose title, alt text or credit has every word of `text`."""
        for word in text.split():
            found = (models.Q(**{f"{name}__icontains": word}) for name in ("title", "alt", "credit"))
            self = self.filter(reduce(or_, found))
        return self


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
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    withdrawn_reason = models.CharField(max_length=300, blank=True, editable=False)

    objects = PictureQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]
        permissions = [("withdraw_picture", "Can withdraw a picture from readers")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | (models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_reason="")),
                name="picture_withdrawn_by_someone_for_a_reason",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def is_shown(self):
        """Whether readers find it on pages: its renditions are made and it was not withdrawn."""
        return bool(self.renditions) and self.withdrawn_at is None

    def withdraw(self, *, by, now, reason):
        """Take it from readers at once and for good, and tell the history of every story that it stood in.

        Its files still lie in public storage then: call `renditions.remove`, or leave it to the worker's sweep.
        Raises `MoveNotAllowed` with a sentence for the person.
        """
        from .article import Article

        reason = reason.strip()
        self._refuse_to_withdraw(by, reason)
        stories = Article.objects.filter(pictures__picture=self).order_by("pk")
        stories = stories.select_for_update(of=("self",), no_key=True)
        with transaction.atomic():
            list(stories)  # first, as a blanking has its story before it takes the words of the picture
            here = Picture.objects.choosable().filter(pk=self.pk)
            if not here.update(withdrawn_at=now, withdrawn_by=by, withdrawn_reason=reason):
                raise MoveNotAllowed("Somebody else was quicker: this picture is already withdrawn.")
            self.refresh_from_db()  # its title may have been blanked meanwhile
            for story in stories.all():  # those, too, that it came to meanwhile
                story.record("withdraw_picture", by, now, picture=str(self.pk), title=self.title, reason=reason)

    def _refuse_to_withdraw(self, by, reason):
        if not by.has_perm("articles.withdraw_picture"):
            raise MoveNotAllowed("Pictures are withdrawn by editors. Ask one of them.")
        if not reason:
            raise MoveNotAllowed("Say why this picture is withdrawn: its stories' histories keep the reason.")
        longest = self._meta.get_field("withdrawn_reason").max_length
        if len(reason) > longest:
            raise MoveNotAllowed(f"The reason is {len(reason)} characters long; at most {longest} fit. Shorten it.")

    @classmethod
    def receive(cls, upload, *, by, now, title, alt="", credit=""):
        """Check `upload`, take private metadata off it and store it; `ValidationError` says why it is refused."""
        original = clean_original(upload)
        return cls.objects.create(
            original=original, title=title, alt=alt, credit=credit, uploaded_by=by, uploaded_at=now
        )


class ArticlePicture(Kept):
    """A story whose words name a picture, or once did: whoever sees the story sees the picture with its history.

    Rows are only added, so that a picture of a restricted story stays as hidden as the revisions it was in.
    """

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="pictures")
    picture = models.ForeignKey(Picture, models.PROTECT, related_name="places")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "picture"], name="article_picture_once")]

    def __str__(self):
        return f"{self.picture} in {self.article}"

    @classmethod
    def note(cls, article, content):
        """Add what `content` (a content dict) names. Keys of no picture are passed over."""
        if keys := pictures_of(content):
            new = Picture.objects.filter(pk__in=keys).exclude(places__article=article)
            cls.objects.bulk_create([cls(article=article, picture=it) for it in new])
