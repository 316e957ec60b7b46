"""Rare and weighty verbs have a page of their own: what will happen, what to read first, what is asked, one button."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.html import strip_tags

from articles.content import TEXTS
from articles.models import Review
from articles.moments import in_words
from articles.proof import LABELS, Proof
from articles.workflow import VERBS, MoveNotAllowed, judge

from .pages import page, standing
from .verb_forms import form_of

RARE = ("publish_unreviewed", "propose_retraction", "take_down", "propose_blank")  # folded away beside a story
CONSEQUENCES = {
    "embargo": ["It binds every way of publishing, also the one for emergencies."],
    "publish_unreviewed": [
        "An open review ends, and what is scheduled is taken off the schedule: these words go out in their place.",
        "The story stays marked in red until another editor confirms or objects. After a day they are reminded daily.",
    ],
    "confirm_emergency": ["It is recorded that you have read these words and stand by them."],
    "object_to_emergency": ["Say what is wrong. Then the story can be changed, retracted or taken down as any other."],
    "propose_retraction": ["Headline and address stay. Nothing changes for readers until another editor confirms."],
    "confirm_retraction": [
        "What waits for its time is taken off the schedule, and an open review ends.",
        "Only a managing editor can bring the story back, with words that are approved anew.",
    ],
    "take_down": [
        "What waits for its time is taken off the schedule. An open proposal to retract ends.",
        "Only a managing editor can bring the story back, with words that are approved anew.",
    ],
    "reinstate": ["Readers find no mark of why it was away; the history here keeps it."],
    "propose_blank": [
        "This is for words that must not be kept, such as the name of a source. To take a page from readers, take it "
        "down instead.",
        "With the words go all notes, comments and reasons of the story, and what is typed and not saved. "
        "Public pages with these words answer readers with a short notice. Hashes, people and times stay.",
    ],
    "confirm_blank": [
        "With the words go all notes, comments and reasons of the story, and what is typed and not saved.",
        "Hashes, people and times stay. Nobody can bring the words back, and backups of the database still hold them.",
    ],
}
DANGEROUS = {*RARE, "confirm_retraction", "confirm_blank"}


def _public_words(article, now):
    live = article.live_at(now)
    unread = article.reviews.open().filter(subject=Review.Subject.EMERGENCY).select_related("submitted_by").first()
    alone = article.publications.filter(emergency_by__isnull=False).order_by("-version").first()
    return {"proof": live and Proof(live.content()), "unread": unread, "alone": alone}


def _notice_and_words(article, now):
    review = article.reviews.open().filter(subject=Review.Subject.RETRACTION).select_related("submitted_by").first()
    live = article.live_at(now)
    return {"proposed": review, "proof": live and Proof(live.content())}


def _approved_words(article, now):
    takedown = article.takedowns.filter(lifted_at__isnull=True).select_related("by").first()
    return {"takedown": takedown, "signed": article.latest_review, "proof": Proof(article.content())}


def _saved_words(article, now):
    revision = article.latest_revision
    return {"revision": revision, "proof": revision and revision.content and Proof(revision.content)}


def _words_to_go(article, now):
    blanking = article.blankings.filter(is_done__isnull=True).select_related("proposed_by").first()
    chosen = article.revisions.filter(number__in=blanking.revisions).select_related("by")
    return {"blanking": blanking, "chosen": [Found(revision) for revision in chosen]}


READ_FIRST = {
    "confirm_emergency": _public_words,
    "object_to_emergency": _public_words,
    "confirm_retraction": _notice_and_words,
    "reinstate": _approved_words,
    "publish_unreviewed": _saved_words,
    "confirm_blank": _words_to_go,
}
PAGES = frozenset(CONSEQUENCES)
INSTEAD = {  # what a second person may decide as well
    "confirm_emergency": "object_to_emergency",
    "object_to_emergency": "confirm_emergency",
    "confirm_retraction": "drop_retraction",
    "confirm_blank": "drop_blank",
}


def ask(request, article, name, *, form=None, trouble="", status=200):
    """The page of verb `name`. Raises `MoveNotAllowed` where this person may not use it on this story now."""
    now = timezone.now()
    facts = article.facts(request.user, now)
    judge(name, facts)
    if not request.user.has_perm(VERBS[name].permission):
        raise MoveNotAllowed(f"Your account may not use “{VERBS[name].label}”. Ask a managing editor.")
    form = form or form_of(name, article, now)
    verb, other = VERBS[name], INSTEAD.get(name)
    reads = READ_FIRST.get(name, lambda article, now: {})(article, now)
    context = standing(article, article.live_at(now)) | {
        "title": f"{verb.label}: {article}",
        "verb": verb,
        "sentences": [verb.says, *CONSEQUENCES[name], *_of_the_schedule(article, name)],
        "form": form,
        "trouble": trouble,
        "is_dangerous": name in DANGEROUS,
        "reads": reads,
        "language": reads["proof"].words("language") if reads.get("proof") else "",
        "other": other and VERBS[other],
        "other_url": f"admin:articles_article_{other}",
        "other_has_page": other in PAGES,
        "revisions": revisions(form) if name == "propose_blank" else (),
    }
    return page(request, "admin/articles/article/verb.html", context, status=status)


def _of_the_schedule(article, name):
    waiting = article.scheduled_version if name == "embargo" else None
    if waiting is None:
        return []
    time = in_words(waiting.visible_from)
    return [f"It is scheduled for {time}; an embargo past that takes it off the schedule, and its people are mailed."]


# --- The words that have to go ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A revision in the list of those that may be blanked, and where in it the words stand that were looked for."""

    revision: object
    places: tuple = ()
    is_chosen: bool = False
    versions: tuple = ()

    @property
    def proof(self):
        return Proof(self.revision.content)


def revisions(form):
    """The revisions of the story that still have words, newest first, with what was looked for."""
    find = (form["find"].value() or "").strip().casefold()
    asked = form.is_bound and form.data.get("_find")
    rows = form.article.revisions.filter(content__isnull=False).select_related("by").prefetch_related("publications")
    chosen = set(form["revisions"].value() or ())
    found = []
    for revision in rows.order_by("-number"):
        places = tuple(places_of(find, revision.content)) if find else ()
        is_chosen = bool(places) if asked else str(revision.number) in chosen
        versions = tuple(publication.version for publication in revision.publications.all())
        found.append(Found(revision, places, is_chosen, versions))
    return found


def places_of(find, content):
    """The fields of `content` in which the words `find` stand, whatever their case and markup, by their labels."""
    for name in (*TEXTS, "body", "slug"):
        if find in _plain(content.get(name) or ""):
            yield LABELS[name]
    if any(find in _plain(line.get("role") or "") for line in content.get("byline") or ()):
        yield LABELS["byline"]


def _plain(text):
    return " ".join(strip_tags(str(text)).split()).casefold()
