"""The mails of the newsroom's own people: who is owed one for what, written together with the event it tells of."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import models, transaction
from django.db.models import Q

from articles.moments import here
from outbox.rows import OwedMail

from .history import Event, Review

A_DAY = timedelta(hours=24)


class StaffMail(OwedMail):
    """A mail that is owed to somebody of the newsroom."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", "A story waits for review"
        CHANGES_REQUESTED = "changes_requested", "Changes were requested"
        APPROVED = "approved", "A story was approved"
        PUBLISHED = "published", "A story was published"
        SCHEDULE = "schedule", "The schedule is late or fails, or an embargo takes a story off it"
        EMERGENCY = "emergency", "A story went out without review"
        RETRACTION = "retraction", "A retraction was proposed or confirmed"
        TAKEDOWN = "takedown", "A story was taken down"
        BLANKING = "blanking", "Words of the history are to be blanked, or were"
        TO_SIGN = "to_sign", "Your signature is asked for"
        ASSIGNED = "assigned", "A story was assigned to you"

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, help_text="What the mail is about: of each kind there is one per key.")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    article = models.ForeignKey("articles.Article", models.PROTECT, null=True, related_name="mails")
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="mails")

    class Meta:
        verbose_name = "mail to staff"
        verbose_name_plural = "mails to staff"
        ordering = ["-queued_at", "-id"]
        default_permissions = ()
        permissions = [("resend_staff_mail", "Can send a mail to staff again that was left unfinished")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="staff_mail_one_per_kind_and_key"),
            models.CheckConstraint(name="staff_mail_status_fits_times", condition=OwedMail.STATUS_FITS_TIMES),
        ]

    def __str__(self):
        return self.get_kind_display()


Kind = StaffMail.Kind
CANNOT_BE_SWITCHED_OFF = frozenset({Kind.EMERGENCY})
FOR_EDITORS_ALONE = frozenset({Kind.SUBMITTED, Kind.EMERGENCY})


class MailSwitchManager(models.Manager):
    @transaction.atomic
    def switch_off(self, user, kinds):
        """From now on `user` gets no mail of `kinds`, and every other."""
        self.filter(user=user).exclude(kind__in=kinds).delete()
        self.bulk_create([self.model(user=user, kind=kind) for kind in kinds], ignore_conflicts=True)


class MailSwitch(models.Model):
    """Somebody does not want mails of a kind."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_switches")
    kind = models.CharField(max_length=20, choices=StaffMail.Kind)

    objects = MailSwitchManager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="mail_switch_once")]

    def __str__(self):
        return f"no {self.kind} for {self.user}"


# --- Whom: active people who may see the story ----------------------------------------------------------------------


def _may(*permissions, superusers=False):
    """Whoever holds one of `permissions` by their own or their group's right, superusers only where asked for.

    A superuser may do everything, and is still not told of everything: often it is a technician. Asked here and not
    by `with_perm`, which knows one permission at a time, and every verb would ask three times.
    """
    of_the_desk = Permission.objects.filter(content_type__app_label="articles", codename__in=permissions)
    by_right = of_the_desk.filter(Q(group__user=models.OuterRef("pk")) | Q(user=models.OuterRef("pk")))
    told = Q(models.Exists(by_right)) | (Q(is_superuser=True) if superusers else Q())
    return get_user_model().objects.filter(told, is_active=True)


def own_people(article):
    """Who began the story, is assigned to it, or stands in its byline with a login, and still works here."""
    byline = Q(author__in=article.bylines.values("author"))
    here = _may("save_article", "see_every_article", "see_restricted_articles", superusers=True)
    return here.filter(Q(pk__in=[article.creator_id, article.assignee_id]) | byline)


def every_editor(article):
    return _may("see_every_article", "see_restricted_articles")


def editors(article):
    """The editors who see the story: all of them, or of a restricted one the managing, the named and its own."""
    if not article.restricted:
        return every_editor(article)
    concerned = Q(pk__in=article.named_editors.values("pk")) | Q(pk__in=own_people(article).values("pk"))
    return _may("see_restricted_articles") | _may("see_every_article").filter(concerned)


def editors_and_own_people(article):
    return editors(article) | own_people(article)


def watchers(article):
    """Who looks after the schedule: the editors, and whoever runs the server."""
    return editors(article) | get_user_model().objects.filter(is_active=True, is_superuser=True)


def assignee(article):
    return own_people(article).filter(pk=article.assignee_id)


def who_signs(article):
    return editors_and_own_people(article).filter(pk=article.to_sign_id)


# --- For what: a verb, and each kind of mail that it calls for. A person gets the first that is meant for them. ------

TOLD = {
    "submit": [(Kind.SUBMITTED, editors)],
    "request_changes": [(Kind.CHANGES_REQUESTED, own_people)],
    "approve": [(Kind.APPROVED, own_people)],
    "publish": [(Kind.PUBLISHED, own_people)],
    "fire": [(Kind.PUBLISHED, own_people)],
    "reinstate": [(Kind.PUBLISHED, own_people)],
    "publish_unreviewed": [(Kind.EMERGENCY, every_editor), (Kind.PUBLISHED, own_people)],
    "object_to_emergency": [(Kind.EMERGENCY, every_editor)],
    "propose_retraction": [(Kind.RETRACTION, editors)],
    "confirm_retraction": [(Kind.RETRACTION, editors_and_own_people)],
    "take_down": [(Kind.TAKEDOWN, editors_and_own_people)],
    "propose_blank": [(Kind.BLANKING, editors)],
    "confirm_blank": [(Kind.BLANKING, editors_and_own_people)],
    "embargo": [(Kind.SCHEDULE, editors_and_own_people)],
    "send_to_sign": [(Kind.TO_SIGN, who_signs)],
    "assign": [(Kind.ASSIGNED, assignee)],
}
ONLY_WITH = {"assign": "assignee", "embargo": "unscheduled"}  # not for a date, or an embargo that moved nothing


def is_still_meant(mail):
    """Whether its reader is one of those whom its kind tells of such an event: roles may go meanwhile."""
    whom = [people for kind, people in TOLD.get(mail.event.verb, ()) if kind == mail.kind]
    return any(people(mail.article).filter(pk=mail.to_id).exists() for people in whom)


def owe(event):
    """Write the mails that `event` calls for, in its transaction: one to a person at most, none to who acted."""
    if event.verb in ONLY_WITH and ONLY_WITH[event.verb] not in event.data:
        return
    if event.verb == "publish":
        _take_back_approval(event)
    told = {event.actor_id}
    for kind, whom in TOLD.get(event.verb, ()):
        people = [person for person in _wanting(kind, whom(event.article)) if person.pk not in told]
        told.update(person.pk for person in people)
        _write(kind, f"event:{event.pk}", people, event.at, article=event.article, event=event)


def _take_back_approval(event):
    """Approved and published at once: a mail that nothing is public yet would be false before it is sent."""
    approvals = StaffMail.objects.queued().filter(kind=Kind.APPROVED, article=event.article, queued_at__gte=event.at)
    approvals.delete()


def owe_reminders(now):
    """A mail a day to every editor for what went out without review, until it is confirmed or objected to."""
    unread = Review.objects.open().filter(subject=Review.Subject.EMERGENCY, submitted_at__lte=now - A_DAY)
    for review in unread.select_related("article"):
        day = (review.submitted_at + A_DAY * ((now - review.submitted_at) // A_DAY)).date()
        event = review.article.events.filter(verb="publish_unreviewed").last()
        people = every_editor(review.article).exclude(pk=review.submitted_by_id).exclude(email="")
        _write(Kind.EMERGENCY, f"event:{event.pk}:{day}", people, now, article=review.article, event=event)


def owe_for_outage(beat_at, now):
    """The clock was last heard at `beat_at`: written once per outage. Returns the mails of it that still wait."""
    people = _wanting(Kind.SCHEDULE, _may("see_every_article", "see_restricted_articles", superusers=True))
    key = f"outage:{beat_at.isoformat()}"
    _write(Kind.SCHEDULE, key, people, now)
    return StaffMail.objects.queued().filter(kind=Kind.SCHEDULE, key__startswith=f"{key}:")


def owe_for_failure(publication, now):
    """A scheduled version that the clock could not book at its time: written once a day while it fails."""
    people = _wanting(Kind.SCHEDULE, watchers(publication.article))
    _write(Kind.SCHEDULE, f"failing:{publication.pk}:{here(now).date()}", people, now, article=publication.article)


def _wanting(kind, people):
    people = people.exclude(email="").distinct()
    return people if kind in CANNOT_BE_SWITCHED_OFF else people.exclude(mail_switches__kind=kind)


def _write(kind, key, people, at, **about):
    """One row per person, and a hint to the worker after the commit. What is written already is left as it is."""
    rows = [StaffMail(kind=kind, key=f"{key}:{person.pk}", to=person, queued_at=at, **about) for person in people]
    if rows:
        StaffMail.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(_ask_the_worker, robust=True)


def _ask_the_worker():
    """A hint; the sweep finds the rows if it is lost."""
    from articles.tasks import send_mails

    send_mails()
