"""Writing: what changes the working copy. Readers see nothing of it."""

from articles import content
from articles.models.content import columns
from articles.models.history import Revision
from articles.models.pictures import ArticlePicture, Picture
from articles.models.sections import Topic
from articles.workflow import MoveNotAllowed

from .moving import ArticleChanged, Moving


class Writing(Moving):
    @classmethod
    def start(cls, *, by, now, form_key=None):
        """A new, empty story of `by`. Raises `ArticleChanged` where the form `form_key` has begun one already."""
        begun = {"creator": by, "created_at": now, "saved_at": now}
        if form_key is None:
            article, is_new = cls.objects.create(**begun), True
        else:
            article, is_new = cls.objects.get_or_create(form_key=form_key, creator=by, defaults=begun)
        if not is_new:
            raise ArticleChanged(article)
        article.record("start", by, now)
        return article

    def save_content(self, values, *, by, now, lock_version):
        """Store `values` (a content dict) over `lock_version`; the new Revision, or None where nothing changed.

        Raises `ArticleChanged` when somebody saved in between, `MoveNotAllowed` when the status forbids it.
        """
        with self._verb("save", by, now, lock_version) as move:
            now = move.now
            values = content.clean(values)
            if self.revisions.exists() and values == self.content():
                move.cancelled = True
                return None
            move.rewritten = True
            self._put(values)
            revision = self._add_revision(values, by, now)
            move.data = _as_data(revision)
            return revision

    def restore(self, number, *, by, now, lock_version=None):
        """Put the words of revision `number` back as a new Revision, which is returned.

        A save like any other: readers go on seeing what they see.
        """
        with self._verb("save", by, now, lock_version) as move:
            now = move.now
            former = self.revisions.filter(number=number).first()
            if former is None or former.is_blanked:
                raise MoveNotAllowed(f"Revision {number} has no words to bring back. Choose another one.")
            values = _still_there(content.clean(former.content))
            if values == self.content():
                raise MoveNotAllowed(f"The words of revision {number} are those that stand here already.")
            move.rewritten, move.event = True, "restore"
            self._put(values)
            revision = self._add_revision(values, by, now, restored_from=former)
            says = f"revision {number} is revision {revision.number} now"
            move.data = _as_data(revision) | {"revision": revision.number, "says": says}
            return revision

    def discard(self, *, by, now, lock_version=None):
        """Put the public version's words back into the working copy."""
        with self._verb("discard", by, now, lock_version) as move:
            now = move.now
            live = self.live_at(now)
            self._put(live.content())
            revision = self._add_revision(live.content(), by, now, restored_from=live.revision)
            move.data = _as_data(revision)
            return revision

    def spike(self, *, by, now, lock_version=None):
        with self._verb("spike", by, now, lock_version):
            pass

    def unspike(self, *, by, now, lock_version=None):
        with self._verb("unspike", by, now, lock_version):
            pass

    def _put(self, values):
        for name, value in columns(values).items():
            setattr(self, name, value)
        self.save()
        self.topics.set(values["topics"])
        self.bylines.all().delete()
        for position, line in enumerate(values["byline"]):
            self.bylines.create(position=position, author_id=line["author"], role=line["role"])

    def _add_revision(self, values, by, now, restored_from=None):
        self.saved_at = now
        if self.to_sign_id == by.pk:  # these words are theirs now
            self.to_sign = None
        self.save(update_fields=["saved_at", "to_sign"])
        ArticlePicture.note(self, values)
        last = self.latest_revision
        return Revision.objects.create(
            article=self,
            number=last.number + 1 if last else 1,
            content=values,
            sha256=content.digest(values),
            by=by,
            at=now,
            restored_from=restored_from,
        )


def _as_data(revision):
    """What its event keeps of a revision, so that neither changes alone."""
    former = revision.restored_from
    return {"sha256": revision.sha256, "restored_from": former.number if former else None}


def _still_there(values):
    """`values` (a content dict) with the topics as they were merged, and without a picture that was withdrawn."""
    topics = Topic.objects.today_of(values["topics"])
    has_picture = Picture.objects.choosable().filter(pk=values["lead_picture"]).exists()
    return values | {"topics": sorted(topics), "lead_picture": values["lead_picture"] if has_picture else None}
