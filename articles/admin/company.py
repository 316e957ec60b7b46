"""Working together on a story, each act a small POST. All but `restore` leave its words and every open form alone."""

from django.contrib import messages
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from articles.company_forms import NoteForm, PeopleForm, SignerForm
from articles.models import Article, ArticleChanged, Presence
from articles.models.verbs.together import name_of
from articles.versions import number_of
from articles.workflow import MoveNotAllowed

from . import reading
from .beside import noted, present
from .pages import onward, page
from .verbs import _seen, _why


@require_POST
def is_open(request, article):
    """A page that is open says so every 20 seconds, and is told who else has the story open."""
    now = timezone.now()
    Presence.objects.touch(article, request.user, now)
    return JsonResponse({"present": present(article, request.user, now)})


# --- Notes ----------------------------------------------------------------------------------------------------------


@require_POST
def note(request, article):
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _noted(request, article, form)
    article.note(by=request.user, now=timezone.now(), **form.cleaned_data)
    return _noted(request, article)


@require_POST
def resolve(request, article, note_id):
    get_object_or_404(article.notes, pk=note_id).resolve(by=request.user, now=timezone.now())
    return _noted(request, article)


def _noted(request, article, form=None):
    """The notes as they are now: alone for a script that puts them in their place, otherwise the whole page."""
    wrong = {"note_form": form} if form else {}
    if request.headers.get("X-Requested-With") == "fetch":
        context = {"article": article, **noted(article, article.content()), **wrong}
        return page(request, "admin/articles/article/_notes.html", context, status=422 if form else 200)
    if form:
        return reading.read(request, article, beside_it=wrong)
    return HttpResponseRedirect(f"{reverse('admin:articles_article_read', args=[article.pk])}#notes")


# --- People and dates -----------------------------------------------------------------------------------------------


@require_POST
def people(request, article):
    form = PeopleForm(request.POST, article=article, user=request.user)
    if not form.is_valid():
        return reading.read(request, article, beside_it={"people_form": form})
    try:
        said = article.assign(by=request.user, now=timezone.now(), **form.wanted())
    except MoveNotAllowed as refusal:
        return reading.read(request, article, refusal=str(refusal))
    messages.success(request, f"Changed: {'; '.join(said)}." if said else "Nothing was changed.")
    return onward(request, article, "read")


# --- A signature, an earlier revision: they are about the words, so an old page does nothing ------------------------


@require_POST
def send_to_sign(request, article):
    form = SignerForm(request.POST, article=article, user=request.user)
    if not form.is_valid():
        return reading.read(request, article, refusal="Choose one of this story's people.", status=422)
    to, who = form.cleaned_data["to"], {"by": request.user, "now": timezone.now()}
    try:
        article.send_to_sign(to, lock_version=_seen(request.POST), **who)
    except (MoveNotAllowed, ArticleChanged) as refusal:
        return _refused(request, article, refusal)
    messages.success(request, f"{name_of(to)} is asked to sign. Once it is submitted, you can approve it.")
    return onward(request, article, "read")


@require_POST
def restore(request, article, number):
    try:
        revision = article.restore(number, by=request.user, now=timezone.now(), lock_version=_seen(request.POST))
    except (MoveNotAllowed, ArticleChanged) as refusal:
        return _refused(request, article, refusal)
    said = f"Revision {number} is back, as revision {revision.number}."
    if live := article.live:
        said += f" Readers still see version {number_of(live, timezone.now())} until this one is published."
    messages.success(request, said)
    return onward(request, article)


def _refused(request, article, refusal):
    fresh = get_object_or_404(Article.objects.seen_by(request.user), pk=article.pk)
    return reading.read(request, fresh, refusal=_why(refusal))


def addresses(story, of_story):
    """The addresses of all this below a story's own."""
    views = {
        "open": ("open/", is_open),
        "note": ("notes/", note),
        "resolve": ("notes/<int:note_id>/", resolve),
        "people": ("people/", people),
        "send_to_sign": ("send-to-sign/", send_to_sign),
        "restore": ("revisions/<int:number>/restore/", restore),
    }
    return [
        path(f"{story}/{way}", of_story(view), name=f"articles_article_{name}") for name, (way, view) in views.items()
    ]
