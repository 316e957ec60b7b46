"""The form in which a story is written. It saves by the model's verb alone; a stale form keeps what was typed (R4)."""

import hashlib
import json
import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone

from articles import differences
from articles.company_forms import TypedForm
from articles.content import FIELDS, clean, make_slug
from articles.forms import ROLES, BylineLines, StoryForm
from articles.models import Article, ArticleChanged, Author, Autosave
from articles.proof import changes
from articles.versions import number_of
from articles.workflow import MoveNotAllowed, Status

from . import said_of_change
from .beside import autosaving, beside, offer, typed_form_of
from .checks import check_words, checks
from .pages import onward, page, standing, tell_who_approves, to_story
from .reading import buttons, history, read
from .verb_forms import form_of

OF_THE_PICTURE = (
    "lead_picture",
    "lead_alt",
    "lead_caption",
    "lead_credit",
    "lead_focal",
)  # another one brings its own


def begin(request):
    """A new story: nothing is stored before its first save. The form's key in the address makes it one story."""
    article = story_of_form(request)
    if article is None:
        return HttpResponseRedirect(f"{request.path}?form={uuid.uuid4()}")
    if article.pk:
        return write(request, article) if request.method == "POST" else to_story(article)
    byline = [{"author": author, "role": ""} for author in Author.objects.with_login(request.user)]
    return _answer(request, article, byline)


def story_of_form(request):
    """The story of the form in this address: begun by this person, or not stored yet. None where there is no key."""
    try:
        key = uuid.UUID(request.GET.get("form", ""))
    except ValueError:
        return None
    begun = Article.objects.filter(form_key=key).first()
    if begun and begun.creator != request.user:
        raise Http404("This is the form of somebody else's story.")
    return begun or Article(creator=request.user, form_key=key)


def write(request, article):
    """The form while this person may save the story; otherwise the story as a page, with what opens it."""
    if request.method != "POST":
        article.at_hand()
    facts = article.facts(request.user, timezone.now())
    if request.method != "POST" and not _may_save(request.user, article, facts):
        return read(request, article)
    byline = [{"author": line.author_id, "role": line.role} for line in article.byline_lines()]
    return _answer(request, article, byline, facts)


def _may_save(user, article, facts):
    return any(verb.name == "save" for verb in article.allowed_verbs(user, timezone.now(), facts))


def _answer(request, article, byline, facts=None):
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    kept = offer(article, request.user) if "go_on" in request.GET and data is None else None
    if kept:
        return _going_on(request, article, kept["kept"], facts)
    form = StoryForm(data, files, article=article, user=request.user)
    lines = BylineLines(data, initial=byline, prefix="byline")
    return _form_page(request, form, lines, facts=facts) if data is None else _save(request, form, lines, facts)


def _save(request, form, lines, facts):
    now = timezone.now()
    if form.article.pk is None or _may_save(request.user, form.article, facts):
        form.receive_picture(now)  # nobody else's upload is stored; the model says below why
    lines_are_valid = lines.is_valid()
    if not form.is_valid() or not lines_are_valid:
        return _form_page(request, form, _whole(form, lines), status=422)
    typed = form.content(lines.lines())
    try:
        with transaction.atomic():  # what is submitted is what was saved: nobody comes in between
            article, revision = _store(form, _chosen(form, typed), by=request.user, now=now)
            unsubmitted = _submit(request, article, now)
    except ArticleChanged as changed:
        if _is_stored(form, typed, changed.article, request.user):
            return _saved(request, changed.article, None, _submit(request, changed.article, now))
        return _stale_page(request, form, lines, changed, clean(typed))
    except MoveNotAllowed as refusal:
        if _is_other_press(request, form.article, clean(_chosen(form, typed))):
            return to_story(form.article)
        form.add_error(None, f"{refusal} What you typed was not saved and is still below.")
        return _form_page(request, form, lines, status=409)
    return _saved(request, article, revision, unsubmitted)


def _whole(form, lines):
    """`lines`; where the request brought none, those that are stored, to be sent with the rest."""
    if lines.management_form.is_valid():
        return lines
    form.add_error(None, "The byline did not arrive with the rest. It is below as it was stored: save again.")
    return BylineLines(initial=lines.initial, prefix=lines.prefix)


def _store(form, values, *, by, now):
    article = form.article
    if article.pk is None:
        article = Article.start(by=by, now=now, form_key=article.form_key)
        return article, article.save_content(values, by=by, now=now, lock_version=article.lock_version)
    version = form.cleaned_data["lock_version"]
    return article, article.save_content(values, by=by, now=now, lock_version=version)


def _submit(request, article, now):
    """Submit what was just saved, if that button was pressed. Returns why it was refused; the save stays."""
    if "_submit" not in request.POST:
        return ""
    change = form_of("submit", article, now, request.POST)
    if not change.is_valid():
        return " ".join(change.problems())
    try:
        article.submit(by=request.user, now=now, lock_version=article.lock_version, **change.arguments())
    except MoveNotAllowed as refusal:
        return str(refusal)
    except ArticleChanged as changed:
        return f"{changed.meanwhile} at the same moment. Read it again, then submit it."
    return ""


def _is_other_press(request, article, typed):
    """Whether this is the second press of a double click on "Save and submit", whose first one did it all."""
    in_review = article.status == Status.IN_REVIEW and "_submit" in request.POST
    return in_review and article.pk and typed == article.content()


def _taken(form, typed):
    """The fields where the person chose what is stored. Whoever typed on after that has chosen their own words."""
    shown, now_typed = form.data.getlist("shown"), clean(typed)
    taken = [name for name in form.cleaned_data["take"] if not shown or _mark(name, now_typed) in shown]
    return [*taken, *OF_THE_PICTURE[1:]] if "lead_picture" in taken else taken


def _chosen(form, typed):
    """What was typed, but for the fields where the person chose what is stored, having seen both."""
    names = _taken(form, typed)
    stored = form.article.content() if names and form.article.pk else typed
    return typed | {name: stored[name] for name in names}


def _is_stored(form, typed, article, user):
    """Whether the form was sent twice: what it would save stands there; what it takes, by this person's own save."""
    stored = article.content()
    if clean(typed) == stored:
        return True
    return clean(_chosen(form, typed)) == stored and article.latest_revision.by == user


def _saved(request, article, revision, unsubmitted):
    Autosave.objects.forget(article, by=request.user, typing=TypedForm(request.POST).key)
    said_of_change.keep(request, article, is_done="_submit" in request.POST and not unsubmitted)
    said = f"Saved as revision {revision.number}." if revision else "Nothing had changed, so nothing was saved."
    if "_submit" in request.POST:
        if unsubmitted:
            messages.warning(request, f"{said} It was not submitted: {unsubmitted}")
        else:
            messages.success(request, f"{said} Submitted: an editor reads it next.")
            tell_who_approves(request, article)
        return onward(request, article)
    if revision and (live := article.live):
        said += f" Readers still see version {number_of(live, timezone.now())} until this one is published."
    messages.success(request, said)
    return onward(request, article, "preview" if "_preview" in request.POST else "change")


def _mark(name, content):
    """A short sign of what stood in a field, and in those that go with it, when both texts were shown."""
    value = [content[part] for part in OF_THE_PICTURE] if name == "lead_picture" else content[name]
    return f"{name}:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]}"


# --- Somebody else saved meanwhile ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conflict:
    """What somebody else changed since the form was opened: what was typed, what is stored, which to take.

    One field; of another lead picture all that was written about it too, so that no picture gets another one's words.
    """

    changes: tuple  # of `proof.FieldChange`; the first one names the choice
    is_taken: bool  # this person chose the stored one in an earlier round
    is_untouched: bool  # this person did not change it
    mark: str  # of what was typed, to notice when somebody goes on typing

    @property
    def take(self):
        """Whether the stored one is proposed."""
        return self.is_taken or self.is_untouched

    @property
    def change(self):
        return self.changes[0]

    @property
    def label(self):
        return "lead picture with all its words" if len(self.changes) > 1 else self.change.label

    @property
    def runs(self):
        return differences.folded(self.change.marked) if self.change.name == "body" else None


def _stale_page(request, form, lines, changed, typed):
    """The form again with everything typed, what is stored beside it, and the version that has now been seen."""
    stored = changed.article.content()
    base = _opened(form.article, form.cleaned_data["opened"])
    conflicts = _conflicts(typed, stored, base=base, taken=_taken(form, typed))
    form.see_version(changed.article)
    form.add_error(None, str(changed))
    return _form_page(request, form, lines, status=409, conflicts=conflicts, is_stale=True)


def _going_on(request, article, kept, facts):
    """The form with words that were kept; where the story moved on since, with what is stored beside them."""
    form = StoryForm(article=article, user=request.user)
    lines = BylineLines(initial=kept.content["byline"], prefix="byline")
    form.take_up(kept.content)
    is_stale = bool(article.pk) and kept.is_stale(article)
    base = _opened(article, kept.opened) if is_stale else None
    conflicts = _conflicts(kept.content, article.content(), base=base, taken=()) if is_stale else ()
    return _form_page(request, form, lines, conflicts=conflicts, is_stale=is_stale, facts=facts, going_on=kept)


def _opened(article, number):
    """The content that was in the form when it was opened over revision `number`, if that is known."""
    revision = article.revisions.filter(number=number or 0).first()
    return clean(revision.content) if revision and revision.content else None


def _conflicts(typed, stored, base, taken):
    """Where typed and stored differ because somebody else changed it; one's own changes alone are no conflict.

    A field that was `taken` when another stale form was refused stays one, for its control still holds other words.
    """
    found = [change for change in changes(typed, stored) if change.name != "slug" or _is_chosen(typed, stored)]
    theirs = {name for name in FIELDS if base is None or name in taken or stored[name] != base[name]}
    untouched = {name for name in FIELDS if base and typed[name] == base[name]}
    return [
        Conflict(together, together[0].name in taken, names <= untouched, _mark(together[0].name, typed))
        for together in _together(found)
        if (names := {change.name for change in together}) & theirs
    ]


def _together(found):
    """The changes `found`, each by itself; where the picture is another one, it and its words are one choice."""
    is_another = any(change.name == "lead_picture" for change in found)
    of_it = tuple(change for change in found if is_another and change.name in OF_THE_PICTURE)
    for change in found:
        if change not in of_it:
            yield (change,)
        elif change is of_it[0]:
            yield of_it


def _is_chosen(*contents):
    """Whether the address is somebody's choice in one of `contents`, and does not just follow the headline."""
    return any(content["slug"] != make_slug(content["headline"]) for content in contents)


# --- The page -------------------------------------------------------------------------------------------------------


def _form_page(request, form, lines, *, status=200, conflicts=(), is_stale=False, facts=None, going_on=None):
    now, article = timezone.now(), form.article
    typed_form = TypedForm.of_kept(going_on) if going_on else typed_form_of(request, form)
    if article.pk:
        facts, stored = facts or article.facts(request.user, now), article.content()
    context = standing(article, form.live) | {
        "title": article.headline or ("Untitled story" if article.pk else "New story"),
        "form": form,
        "lines": lines,
        "roles": ROLES,
        "pictures": form.offered_pictures(),
        "is_stale": is_stale,
        "conflicts": conflicts,
        "shown": form.data.getlist("shown") if form.is_bound and not is_stale else [],
        "taken": form.data.getlist("take") if form.is_bound and not is_stale else [],
        **checks(article, request.user, stored if article.pk else {}),
        "check_words": check_words(article),
        "asked_for_changes": article.pk and article.asked_for_changes,
        "buttons": _buttons(article, request.user, now, facts) if article.pk else [],
        "history": history(article) if article.pk else [],
        "change": said_of_change.form(request, article, now, facts and facts.public),
        "media": form.media.with_nonce(str(request.csp_nonce)),
        "going_on": going_on,
        "offer": offer(article, request.user, going_on_in=typed_form.key),
        **autosaving(article, typed_form),
        **(beside(request, article, stored, facts) if article.pk else {}),
    }
    return page(request, "admin/articles/article/write.html", context, status=status)


def _buttons(article, user, now, facts):
    facts = facts or article.facts(user, now)
    return buttons(article, user, facts, article.allowed_verbs(user, now, facts), now, writing=True)
