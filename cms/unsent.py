"""What was typed at the desk and could not be taken, its session or cookie having changed. No text is lost (R4)."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.shortcuts import render
from django.views import csrf

from articles.admin.time_field import NewsroomTimeField
from articles.admin.verb_forms import FORMS
from articles.content import sanitise
from articles.proof import LABELS
from donations.views import kept_by_nobody

STORY_PAGES = "admin:articles_article_"
WRITTEN_AT = {"change", "add"}  # the form of a story, which may also submit it
OTHER_WORDS = {"comment": "comment", "reason": "reason", "text": "note", "note": "note", "quote": "quoted words"}
NOT_WORDS = {"section", "topics", "lead_picture", "language", "sensitivity", "body", "byline"}
TYPED = (forms.CharField, NewsroomTimeField)  # of what a verb asks; what is ticked goes along unseen


def signed_out(request):
    """The page for somebody whose session ended while they wrote; None where nothing would be lost."""
    return _page(request, "signed_out") if _typed(request) else None


@kept_by_nobody
def csrf_failure(request, reason=""):
    """The form's token is not the cookie's. Words that came from a page of ours are shown, and may be sent again.

    Everything else at the desk is refused there too, in the desk's words; what readers send, in the readers'.
    """
    place = request.resolver_match
    if place is None or place.namespace != "admin":
        return csrf.csrf_failure(request, reason)
    if _place_of(request) and _is_from_here(request):
        return _page(request, "signed_in_again" if request.user.is_authenticated else "signed_out")
    return _page(request, "unknown")


def _is_from_here(request):
    """Browsers say which site a form was on; another site's words are not shown as if they were this person's."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _place_of(request):
    """The name of the story's page or verb that was posted to; empty everywhere else."""
    place = request.resolver_match
    is_of_a_story = request.method == "POST" and place and place.view_name.startswith(STORY_PAGES)
    return place.view_name.removeprefix(STORY_PAGES) if is_of_a_story else ""


def _typed(request):
    """What was written, as [(label, text), …] without the body; empty where this is no form of a story."""
    place = _place_of(request)
    if not place:
        return []
    labels = {name: label for name, label in (LABELS | OTHER_WORDS).items() if name not in NOT_WORDS}
    labels |= _asked("submit" if place in WRITTEN_AT else place)
    words = [(labels[name], request.POST.get(name, "")) for name in labels]
    words.append(("text", request.POST.get("body", "")))
    return [(label, text) for label, text in words if text.strip()]


def _asked(verb):
    """The fields that verb `verb` asks for in words, as {name in the request: label}."""
    fields = FORMS[verb].base_fields if verb in FORMS else {}
    return {
        f"{name}_0" if isinstance(field, NewsroomTimeField) else name: field.label or name
        for name, field in fields.items()
        if isinstance(field, TYPED) and not field.widget.is_hidden
    }


def _page(request, why):
    is_saving = _place_of(request) in WRITTEN_AT
    context = admin.site.each_context(request) | {
        "title": "Not saved yet" if is_saving else "Not sent yet",
        "tried": "saved" if is_saving else "sent",
        "why": why,
        "login_url": settings.LOGIN_URL,
        **(_sent(request) if why != "unknown" else {}),
    }
    return render(request, "admin/articles/article/unsent.html", context, status=403)


def _sent(request):
    return {
        "typed": [(label, text) for label, text in _typed(request) if label != "text"],
        "body": sanitise(request.POST.get("body", "")),
        "fields": [(n, v) for n, values in request.POST.lists() for v in values if n != "csrfmiddlewaretoken"],
        "has_file": bool(request.FILES),
    }
