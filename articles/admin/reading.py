"""A story as a page to read: for editors the review with its difference and its buttons, for everybody the history."""

from dataclasses import dataclass, replace

from django.utils import timezone

from articles import differences
from articles.checklist import checklist
from articles.models import Review
from articles.proof import Proof, changes
from articles.workflow import EDITORS, VERBS, MoveNotAllowed, Status, judge

from .pages import page, standing

# Why the form is closed, and what opens it.
CLOSED = {
    Status.IN_REVIEW: "An editor is reading these words, so they stand still. Withdraw the story to go on writing.",
    Status.APPROVED: "An editor signed exactly these words. To change them, reopen the story: it is then read again.",
    Status.SCHEDULED: "These words go out at their time. Reopen the story to change them.",
    Status.SPIKED: "This story was put away. Bring it back to go on with it.",
}
NOT_YOURS = "You may read this story, but not change it."

SIGN_AND_PUBLISH = "You sign these words, and readers see them at once."
FIRST = ("approve_and_publish", "publish", "submit", "unspike")  # the button that stands out, when there is one
SAFE_ORDER = (
    "approve_and_publish",
    "approve",
    "publish",
    "request_changes",
    "submit",
    "withdraw",
    "reopen",
    "unspike",
)


@dataclass(frozen=True)
class Button:
    name: str
    label: str
    says: str
    main: bool = False

    @property
    def url_name(self):
        return f"admin:articles_article_{self.name}"


def buttons(user, facts, verbs, *, writing=False):
    """The `verbs` that `user` may use now, as buttons; those of the form itself are left out while `writing`."""
    names = [verb.name for verb in verbs if verb.name != "save"]
    if writing and "submit" in names:
        names.remove("submit")
    if "approve" in names and _may_publish_once_approved(user, facts):
        names.append("approve_and_publish")
    names.sort(key=lambda name: (*SAFE_ORDER, *VERBS).index(name))
    main = next((name for name in FIRST if name in names), None)
    return [Button(name, _label(name, facts), _says(name), main=name == main) for name in names]


def _may_publish_once_approved(user, facts):
    try:
        judge("publish", replace(facts, status=Status.APPROVED))
    except MoveNotAllowed:
        return False
    return user.has_perm(VERBS["publish"].permission)


def _label(name, facts):
    if name == "withdraw" and facts.roles & EDITORS and not facts.submitter:
        return "Edit it myself"
    return "Approve and publish" if name == "approve_and_publish" else VERBS[name].label


def _says(name):
    return SIGN_AND_PUBLISH if name == "approve_and_publish" else VERBS[name].says


def read(request, article, *, refusal="", refused=""):
    """The page of a story that is not being written. With `refusal`, why a button's verb was refused (409)."""
    now = timezone.now()
    review = article.latest_review
    under_review = review if article.status in {Status.IN_REVIEW, Status.APPROVED} else None
    shown = _words_of(under_review) or article.content()
    facts = article.facts(request.user, now)
    allowed = article.allowed_verbs(request.user, now, facts)
    proof, verbs, live = Proof(shown), {verb.name for verb in allowed}, article.live
    context = standing(article, live) | {
        "title": article.headline or "Untitled story",
        "proof": proof,
        "language": proof.words("language"),
        "items": checklist(shown),
        "review": under_review,
        "asked_for_changes": article.asked_for_changes,
        "history": history(article),
        "buttons": buttons(request.user, facts, allowed),
        "closed": _why_closed(article, verbs),
        "may_save": "save" in verbs,
        "may_decide": "approve" in verbs,
        "may_switch_appeal": request.user.has_perm("articles.switch_appeal"),
        "refusal": refusal,
        "refused": refused,
        "typed": request.POST if refusal else {},
        **_difference(article, live, under_review, shown, request.GET.get("against", "")),
    }
    return page(request, "admin/articles/article/read.html", context, status=409 if refusal else 200)


def _words_of(review):
    return review and review.revision.content


def _why_closed(article, verbs):
    return "" if verbs & {"save", "approve"} else CLOSED.get(Status(article.status), NOT_YOURS)


def _difference(article, live, review, shown, against):
    """What `shown` is compared with: the public version, or what an editor read last. Both are offered when there."""
    bases = {}
    if live:
        bases["public"] = ("the public version", live.content())
    read_before = _read_before(article, review)
    if read_before and not (live and live.revision_id == read_before.revision_id):
        bases["last"] = ("what an editor read last", read_before.revision.content)
    chosen = against if against in bases else next(iter(bases), "")
    if against == "nothing" or not chosen or (chosen == "last" and against != "last"):
        return {"bases": bases, "against": "nothing"}
    label, base = bases[chosen]
    found = changes(base, shown)
    body = next((change for change in found if change.name == "body"), None)
    return {
        "bases": bases,
        "against": chosen,
        "against_label": label,
        "changed_fields": [change for change in found if change.name != "body"],
        "pictures": [("− Before", Proof(base)), ("+ Now", Proof(shown))],
        "runs": differences.folded(body.marked if body else differences.compare(shown["body"], shown["body"])),
        "is_unchanged": not found,
    }


def _read_before(article, review):
    """The last round that an editor sent back, or signed, before the present one."""
    rounds = article.reviews.filter(subject=Review.Subject.CONTENT, revision__content__isnull=False)
    read = rounds.filter(outcome__in=[Review.Outcome.CHANGES_REQUESTED, Review.Outcome.APPROVED])
    if review:
        read = read.exclude(pk=review.pk)
    return read.select_related("revision").order_by("-submitted_at").first()


def history(article):
    """What happened to the story, newest first."""
    return article.events.select_related("actor").order_by("-number")
