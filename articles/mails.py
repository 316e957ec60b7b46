"""What the newsroom's own mails say: who did what to which story, why, and where to go. Never a word of its body."""

from django.conf import settings
from django.urls import reverse
from django.utils.dateformat import format as date_format
from django.utils.timezone import get_default_timezone, localtime

from outbox.look import written
from outbox.sending import NotOwed, Outbox

from .models import Article, Heartbeat, StaffMail
from .models.mail import A_DAY, CANNOT_BE_SWITCHED_OFF, Kind, editors, is_still_meant, owe_for_outage, own_people

# For each verb what its mail is headed, and what follows from it for whoever reads the mail.
WORDS = {
    "submit": ("For review", "It waits for an editor to read it."),
    "request_changes": ("Changes requested", "It can be changed and submitted again."),
    "approve": ("Approved", "Nothing is public until an editor publishes or schedules it."),
    "publish": ("Published", "Readers see it now."),
    "fire": ("Published at its time", "Readers see it now."),
    "reinstate": ("Public again", "Readers see it at its old address."),
    "publish_unreviewed": (
        "Published without review",
        "Readers see words that one person alone has signed. Read them, then confirm them or object.",
    ),
    "object_to_emergency": ("Objection", "The page stays as it is until somebody changes it or takes it down."),
    "propose_retraction": (
        "Retraction proposed",
        "A second editor has to confirm it. Until then nothing changes.",
    ),
    "confirm_retraction": ("Retracted", "Readers see a notice in place of the story."),
    "take_down": ("Taken down", "Readers see a short notice in place of the page and of all its versions."),
    "propose_blank": (
        "Blanking proposed",
        "A second editor has to confirm it. The words would be gone for good. The reason stands at the desk.",
    ),
    "confirm_blank": ("Words blanked", "They are gone from its history for good; two editors decided it."),
    "embargo": (
        "Off the schedule",
        "The embargo ends after the time it was scheduled for, so it does not go out by itself. It is still approved: "
        "an editor schedules it anew.",
    ),
    "send_to_sign": ("To sign", "Read what was changed; with your signature it goes on to review."),
    "assign": ("Assigned to you", "It lies on your desk now."),
}
# The same where the reader cannot be the one who decides next.
FOR_OTHERS = {
    "publish_unreviewed": "Readers see words that one person alone has signed. Another editor reads them, and "
    "confirms them or objects.",
}
OPENS_THE_FORM = {"request_changes", "assign"}  # there is something to write; the others are for reading


def compose(mail, now):
    _refuse_stranger(mail)
    return written("staff", _told(mail), to=mail.to.email)


def _refuse_stranger(mail):
    """Between the event and the mail somebody may have left, or lost the story out of sight."""
    if not (mail.to.is_active and mail.to.email):
        raise NotOwed("its reader has left, or has no address")
    if mail.article and mail.kind != Kind.EMERGENCY and not _sees(mail):
        raise NotOwed("its reader may not see the story any more")
    if mail.event and not is_still_meant(mail):
        raise NotOwed("its reader is none of those whom it is for any more")
    if _is_reminder(mail) and not mail.article.reviews.open().filter(subject="emergency").exists():
        raise NotOwed("somebody has confirmed or objected meanwhile")
    if mail.article is None and Heartbeat.objects.filter(name="clock", outage_told_at__isnull=True).exists():
        raise NotOwed("the clock is heard again")


def _sees(mail):
    return Article.objects.seen_by(mail.to).filter(pk=mail.article_id).exists()


def _is_reminder(mail):
    return (
        mail.kind == Kind.EMERGENCY
        and mail.event.verb == "publish_unreviewed"
        and (mail.queued_at - mail.event.at >= A_DAY)
    )


def _told(mail):
    told = _of_event(mail) if mail.event else _of_schedule(mail)
    return told | {
        "story": _name(mail),
        "because": _because(mail),
        "mails_url": "" if mail.kind in CANNOT_BE_SWITCHED_OFF else settings.SITE_URL + reverse("admin:mails"),
    }


def _of_event(mail):
    event, (happened, follows) = mail.event, WORDS[mail.event.verb]
    who = f"{_person(event.actor)} {event.words}" if event.actor else event.words
    if event.verb in FOR_OTHERS and not _may_decide(mail):
        follows = FOR_OTHERS[event.verb]
    return {
        "happened": f"Still unreviewed: {happened.lower()}" if _is_reminder(mail) else happened,
        "sentences": [f"{who} on {_moment(event.at)}.", follows, *_more(event)],
        "by": event.actor and _person(event.actor),
        "why": _why(event),
        **_way(mail),
    }


def _may_decide(mail):
    return mail.to.has_perm("articles.confirm_emergency_article") and _sees(mail)


def _more(event):
    due = event.article.due if event.verb == "assign" else None
    if due:
        return [f"It is due on {date_format(due, 'l, F j, Y')}."]
    if event.data.get("taken_down"):
        return ["Readers saw these words. Its page is gone for them: they get a short notice."]
    return []


def _of_schedule(mail):
    if mail.article is None:
        return {
            "happened": "The newsroom’s clock has stopped",
            "sentences": [
                "The worker, which books scheduled stories and sends mails, does not answer.",
                "Readers see scheduled stories at their time all the same. Tell whoever runs the server to start the "
                "worker again (manage.py run_worker).",
            ],
            "link": f"{settings.SITE_URL}{reverse('admin:index')}",
            "link_label": "Open the desk",
        }
    version = mail.article.publications.order_by("-version").first()
    return {
        "happened": "The schedule fails",
        "sentences": [
            f"It was scheduled for {_moment(version.visible_from)}, and the clock could not book it.",
            "Readers see it from that time on all the same; its history does not say so yet. It is tried again every "
            "minute. Show this mail to whoever runs the server.",
        ],
        **_way(mail),
    }


def _name(mail):
    """The headline; of a restricted story none, since a mail is read over shoulders and on locked screens."""
    if mail.article is None:
        return ""
    if not mail.article.restricted:
        return f"“{mail.article}”"
    return "a story of yours" if _is_own(mail) else "a restricted story"


def _why(event):
    """The comment, reason or note that goes with the event. Not what is restricted, or about to be blanked."""
    if event.article.restricted or event.verb == "propose_blank":
        return ""
    return event.said[0] if event.said else _note_to_readers(event)


def _note_to_readers(event):
    """What readers will be told about a change, where a review of this very moment says it."""
    review = event.article.reviews.filter(submitted_at=event.at, submitted_by=event.actor).last()
    return review.public_note if review and event.verb in {"submit", "propose_retraction"} else ""


def _way(mail):
    """One link to the desk; to the public page for an editor who is told of a story that they do not see there."""
    if not _sees(mail):
        live = mail.article.live
        return {
            "link": f"{settings.SITE_URL}{live.get_absolute_url() if live else '/'}",
            "link_label": "Read it as readers do",
        }
    page = "change" if mail.event and mail.event.verb in OPENS_THE_FORM else "read"
    address = reverse(f"admin:articles_article_{page}", args=[mail.article_id])
    return {"link": f"{settings.SITE_URL}{address}", "link_label": "Open the story at the desk"}


def _because(mail):
    if mail.article and _is_own(mail):
        return "You get this mail because you are one of this story’s people."
    if mail.article and editors(mail.article).filter(pk=mail.to_id).exists():
        return "You get this mail because you are an editor."
    return "You get this mail because your account looks after the newsroom."


def _is_own(mail):
    return own_people(mail.article).filter(pk=mail.to_id).exists()


def _person(user):
    return user.get_full_name() or user.get_username()


def _moment(at):
    return date_format(localtime(at, get_default_timezone()), "l, F j, Y, g:i a T")


OUTBOX = Outbox(StaffMail, compose, related=("to", "article", "event__article", "event__actor"))
send, send_due, send_again = OUTBOX.send, OUTBOX.send_due, OUTBOX.send_again


def tell_of_outage(beat_at, now):
    """The clock was last heard at `beat_at`. Sent here and now, by the process that noticed: the worker is away.

    Once per outage, whoever notices it again. Says how many mails went out.
    """
    waiting = owe_for_outage(beat_at, now)
    return sum(send(mail_id, now) for mail_id in list(waiting.values_list("pk", flat=True)))
