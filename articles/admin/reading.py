"""A story as a page to read: for editors the review with its difference and its buttons, for everybody the history."""

from dataclasses import dataclass, replace

from django.utils import timezone

from articles.models import Review
from articles.proof import Proof
from articles.workflow import EDITORS, VERBS, Matter, MoveNotAllowed, Status, judge

from .beside import beside, offer
from .checks import checks
from .comparing import told
from .pages import page, standing
from .said_of_change import said
from .verb_forms import VerbForm, form_of
from .verb_pages import PAGES, RARE

# Why the form is closed, and what opens it.
CLOSED = {
    Status.IN_REVIEW: "An editor is reading these words, so they stand still. Withdraw the story to go on writing.",
    Status.APPROVED: "An editor signed exactly these words. To change them, reopen the story: it is then read again.",
    Status.SCHEDULED: "These words go out at their time. Reopen the story to change them.",
    Status.SPIKED: "This story was put away. Bring it back to go on with it.",
}
NOT_YOURS = "You may read this story, but not change it."

SIGNED_OR_TO_SIGN = {Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED}
SIGN_AND_PUBLISH = "You sign these words, and readers see them at once."
FIRST = ("approve_and_publish", "publish", "reinstate", "submit", "unspike")  # what stands out, when it is there
SAFE_ORDER = (
    "confirm_emergency",
    "object_to_emergency",
    "confirm_retraction",
    "drop_retraction",
    "confirm_blank",
    "drop_blank",
    "approve_and_publish",
    "approve",
    "publish",
    "reinstate",
    "schedule",
    "unschedule",
    "request_changes",
    "submit",
    "withdraw",
    "reopen",
    "unspike",
    "embargo",
    "discard",
    "spike",
    *RARE,
)


@dataclass(frozen=True)
class Button:
    name: str
    label: str
    says: str
    form: VerbForm
    main: bool = False

    @property
    def url_name(self):
        return f"admin:articles_article_{self.name}"

    @property
    def has_page(self):
        return self.name in PAGES

    @property
    def is_rare(self):
        return self.name in RARE


def buttons(article, user, facts, verbs, now, *, writing=False, refused=None, said=None):
    """The `verbs` that `user` may use now, as buttons; those of the form itself are left out while `writing`.

    `refused` is the form of a verb that was refused, with what was typed; `said`, what was said of the change before.
    """
    names = [verb.name for verb in verbs if verb.name != "save"]
    if writing and "submit" in names:
        names.remove("submit")
    if "approve" in names and _may_publish_once_approved(user, facts):
        names.append("approve_and_publish")
    names.sort(key=lambda name: (*SAFE_ORDER, *VERBS).index(name))
    main = next((name for name in FIRST if name in names), None)
    forms = {name: form_of(name, article, now, public=facts.public) for name in names if name not in PAGES}
    if "submit" in forms:
        forms["submit"].initial |= said or {}
    if refused:
        forms[refused.name] = refused
    return [
        Button(
            name,
            _label(name, facts, signs=article.to_sign_id == user.pk),
            _says(name),
            forms.get(name),
            main=name == main,
        )
        for name in names
    ]


def _may_publish_once_approved(user, facts):
    try:
        judge("publish", replace(facts, status=Status.APPROVED))
    except MoveNotAllowed:
        return False
    return user.has_perm(VERBS["publish"].permission)


def _label(name, facts, *, signs):
    if name == "submit" and signs:
        return "Sign and submit"
    if name == "withdraw" and facts.roles & EDITORS and not facts.submitter:
        return "Edit it myself"
    return "Approve and publish" if name == "approve_and_publish" else VERBS[name].label


def _says(name):
    return SIGN_AND_PUBLISH if name == "approve_and_publish" else VERBS[name].says


def read(request, article, *, refusal="", form=None, status=409, beside_it=None):
    """The page of a story that is not being written. With `refusal`, why a verb was refused, and its `form` if typed.

    `beside_it` are forms from beside the story that need another look.
    """
    now = timezone.now()
    review = article.at_hand().latest_review
    under_review = review if article.status in SIGNED_OR_TO_SIGN else None
    shown = _words_of(under_review) or article.content()
    facts = article.facts(request.user, now)
    allowed = article.allowed_verbs(request.user, now, facts)
    proof, verbs, live = Proof(shown), {verb.name for verb in allowed}, article.live
    found = buttons(article, request.user, facts, allowed, now, refused=form, said=said(request, article))
    context = standing(article, live) | {
        "title": article.headline or "Untitled story",
        "proof": proof,
        "language": proof.words("language"),
        **checks(article, request.user, shown),
        "may_share": article.may_share(request.user),
        "review": under_review,
        "asked_for_changes": article.asked_for_changes,
        "history": history(article),
        "buttons": [button for button in found if not button.is_rare],
        "rare": [button for button in found if button.is_rare],
        "closed": _why_closed(article, verbs),
        "may_save": "save" in verbs,
        "may_decide": "approve" in verbs,
        "may_switch_appeal": request.user.has_perm("articles.switch_appeal"),
        "refusal": refusal,
        "typed": form.texts() if form and form.name not in verbs else [],
        "appeal_reason": form["reason"].value() if form and form.name == "switch_appeal" else "",
        **_difference(request, article, live, under_review, shown, facts),
        **beside(request, article, shown, facts),
        **(beside_it or {}),
        "offer": offer(article, request.user),
    }
    status = status if refusal else 422 if beside_it else 200
    return page(request, "admin/articles/article/read.html", context, status=status)


def _words_of(review):
    return review and review.revision.content


def _why_closed(article, verbs):
    return "" if verbs & {"save", "approve"} else CLOSED.get(Status(article.status), NOT_YOURS)


def _difference(request, article, live, review, shown, facts):
    """What `shown` is compared with: the public version, what an editor read last, one's own where one is to sign.

    Words that are public and that no second person has read yet are shown as a whole: they are to be judged.
    """
    bases, against = {}, request.GET.get("against", "")
    if not against and Matter.EMERGENCY in facts.open and live and live.content() == shown:
        against = "nothing"
    if article.to_sign_id == request.user.pk and (own := article.last_version_of(request.user)):
        bases["yours"] = ("your version", own.content)
    if live:
        bases["public"] = ("the public version", live.content())
    read_before = _read_before(article, review)
    is_another = read_before and read_before.revision.content != shown
    if is_another and not (live and live.revision_id == read_before.revision_id):
        bases["last"] = ("what an editor read last", read_before.revision.content)
    chosen = against if against in bases else next(iter(bases), "")
    if against == "nothing" or not chosen or (chosen == "last" and against != "last"):
        return {"bases": bases, "against": "nothing"}
    label, base = bases[chosen]
    return {"bases": bases, "against": chosen, "against_label": label, **told(base, shown)}


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
