"""What is typed is kept every few seconds, for its writer alone. It never wins by itself and is never lost (R4)."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from articles.company_forms import TypedForm, as_typed
from articles.forms import BylineLines, StoryForm
from articles.models import Autosave
from articles.models.company import BlankedSince, OtherWordsKept
from articles.moments import time_in_words

from .beside import form_of, stored_words


@require_POST
def keep(request, article):
    """Keep what stands in the form; answers when, or nothing where it is what is stored.

    Also where the story cannot be saved just now: the words are offered once it can.
    """
    if not request.user.has_perm("articles.save_article"):
        raise PermissionDenied
    opening = TypedForm(request.POST)
    if not opening.is_valid():
        return JsonResponse({"said": "Not kept: this page does not say where its words come from."}, status=400)
    try:
        kept = _keep(request, article, opening.cleaned_data)
    except ValidationError as refusal:
        return JsonResponse({"said": " ".join(refusal.messages)}, status=422)
    except OtherWordsKept as other:
        return JsonResponse({"said": f"{other} Reload the page to see them, once this text is saved."}, status=409)
    except BlankedSince as refusal:
        return JsonResponse({"said": str(refusal)}, status=409)
    return JsonResponse({"kept": kept and time_in_words(kept.at)})


def _keep(request, article, opening):
    stored = stored_words(article)
    form = StoryForm(request.POST, None, article=article, user=request.user)
    return Autosave.objects.keep(
        article,
        stored,
        by=request.user,
        typing=opening["typing"],
        content=as_typed(form, BylineLines(request.POST, prefix="byline"), stored),
        lock_version=opening["typed_over"],
        opened=opening["typed_revision"],
        at=timezone.now(),
    )


@require_POST
def throw(request, article):
    """Throw away what this person was shown, and nothing that was typed since in another window."""
    Autosave.objects.of(article, request.user).filter(typing=TypedForm(request.POST).key).delete()
    messages.success(request, "Thrown away. The story is as it was last saved.")
    return HttpResponseRedirect(form_of(article))


def addresses(story, of_story, name="{}"):
    """The addresses of this below a story's own, or below the form of one that was never saved."""
    views = {"keep": keep, "throw": throw}
    return [
        path(f"{story}/{word}/", of_story(view), name=f"articles_article_{name.format(word)}")
        for word, view in views.items()
    ]
