"""What was typed into a story and could not be taken, its session or cookie having changed. No text is lost (R4)."""

from django.conf import settings
from django.contrib import admin
from django.shortcuts import render
from django.views import csrf

from articles.content import sanitise
from articles.proof import LABELS

STORY_PAGES = "admin:articles_article_"
OTHER_WORDS = {"comment": "comment", "reason": "reason"}
NOT_WORDS = {"section", "topics", "lead_picture", "language", "sensitivity", "body", "byline"}


def signed_out(request):
    """The page for somebody whose session ended while they wrote; None where nothing would be lost."""
    return _page(request, "signed_out") if _typed(request) else None


def csrf_failure(request, reason=""):
    """The form's token is not the cookie's. Words that came from a page of ours are shown, and may be sent again."""
    if _typed(request) and _is_from_here(request):
        return _page(request, "signed_in_again" if request.user.is_authenticated else "signed_out")
    return csrf.csrf_failure(request, reason)


def _is_from_here(request):
    """Browsers say which site a form was on; another site's words are not shown as if they were this person's."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _typed(request):
    """What was written, as [(label, text), …] without the body; empty where this is no form of a story."""
    place = request.resolver_match
    if request.method != "POST" or place is None or not place.view_name.startswith(STORY_PAGES):
        return []
    labels = {name: label for name, label in (LABELS | OTHER_WORDS).items() if name not in NOT_WORDS}
    words = [(labels[name], request.POST.get(name, "")) for name in labels]
    words.append(("text", request.POST.get("body", "")))
    return [(label, text) for label, text in words if text.strip()]


def _page(request, why):
    context = admin.site.each_context(request) | {
        "title": "Not saved yet",
        "why": why,
        "typed": [(label, text) for label, text in _typed(request) if label != "text"],
        "body": sanitise(request.POST.get("body", "")),
        "fields": [(n, v) for n, values in request.POST.lists() for v in values if n != "csrfmiddlewaretoken"],
        "has_file": bool(request.FILES),
        "login_url": settings.LOGIN_URL,
    }
    return render(request, "admin/articles/article/unsent.html", context, status=403)
