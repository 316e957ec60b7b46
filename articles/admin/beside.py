"""What stands beside a story at the desk: who has it open, notes, people and dates, what was typed and not saved."""

from django.urls import reverse
from django.utils import timezone

from articles.company_forms import NoteForm, PeopleForm, SignerForm, TypedForm
from articles.content import clean
from articles.models import Autosave, Presence
from articles.models.content import default_language
from articles.models.verbs.moving import BEING_WRITTEN
from articles.models.verbs.together import name_of
from articles.moments import here, in_words, time_in_words
from articles.proof import Proof
from articles.workflow import Status

from .comparing import told


def beside(request, article, words, facts, people_form=None):
    """For every page of a stored story whose shown `words` are a content dict. Whoever asks has it open now."""
    user, now = request.user, timezone.now()
    Presence.objects.touch(article, user, now)
    return {
        "present": present(article, user, now),
        "signs": article.to_sign_id == user.pk,
        "signer_form": signer_form(article, user, facts),
        "people_form": people_form or (PeopleForm(article=article, user=user) if article.may_restrict(user) else None),
        "approval_problem": _approval_problem(article, user),
        **noted(article, words),
    }


def present(article, user, now):
    """Who else has the story open, in words."""
    return [_has_it_open(row, now) for row in Presence.objects.others(article, user, now)]


def _has_it_open(row, now):
    if row.saved is None:
        return f"{name_of(row.user)} has this open."
    is_today = here(row.saved).date() == here(now).date()
    return f"{name_of(row.user)} has this open, saved {(time_in_words if is_today else in_words)(row.saved)}."


def noted(article, words):
    """The notes beside `words`, those that are dealt with apart; each knows whether what it quotes still stands."""
    proof, notes = Proof(words), list(article.notes.select_related("by", "resolved_by"))
    for note in notes:
        note.still_stands = proof.says(note.quote)
    return {
        "notes": [note for note in notes if not note.resolved_by_id],
        "resolved_notes": [note for note in notes if note.resolved_by_id],
        "note_form": NoteForm(),
    }


def signer_form(article, user, facts):
    """Where an editor wrote last: whom to ask for a signature."""
    latest = article.latest_revision
    if latest is None or not article.may_send(user, facts) or not article.signers(user).exists():
        return None
    return SignerForm(article=article, user=user)


def _approval_problem(article, user):
    submitted_it = article.status == Status.IN_REVIEW and article.latest_review.submitted_by_id == user.pk
    return article.approval_problem(user) if submitted_it or article.status in BEING_WRITTEN else ""


# --- What was typed and not saved -----------------------------------------------------------------------------------


def stored_words(article):
    """What typed words are compared with: what the story says, or what an empty form would."""
    return article.content() if article.pk else clean({"language": default_language()})


def offer(article, user, going_on_in=None):
    """What `user` typed and never saved, with its difference to what is stored; None where nothing is kept.

    `going_on_in` is the opening of the form that already holds these words.
    """
    kept = Autosave.objects.offered(article, user)
    if kept is None or kept.typing == going_on_in:
        return None
    form = form_of(article)
    return {
        "kept": kept,
        "is_stale": article.pk and kept.is_stale(article),
        "go_on": f"{form}{'&' if '?' in form else '?'}go_on=1",
        "throw": _address(article, "throw"),
        **told(stored_words(article), kept.content),
    }


def autosaving(article, typed_form):
    """What the form needs so that its words are kept: where to, and which opening of it this is."""
    return {"typed_form": typed_form, "keep": _address(article, "keep")}


def typed_form_of(request, form):
    """The opening of `form` that a request came from, or a new one."""
    posted = TypedForm(request.POST) if request.method == "POST" else None
    return posted if posted and posted.is_valid() else TypedForm.of_opening(form)


def form_of(article):
    if article.pk:
        return reverse("admin:articles_article_change", args=[article.pk])
    return f"{reverse('admin:articles_article_add')}?form={article.form_key}"


def _address(article, name):
    if article.pk:
        return reverse(f"admin:articles_article_{name}", args=[article.pk])
    return f"{reverse(f'admin:articles_article_{name}_new')}?form={article.form_key}"
