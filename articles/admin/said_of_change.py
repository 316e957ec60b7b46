"""What somebody says of a change to a live story before they submit it.

It is no part of the words, so saving them does not store it. It waits in the person's session: nothing that was typed
is lost (R4).
"""

from .verb_forms import form_of

FIELDS = ("kind", "public_note")


def form(request, article, now, public):
    """The form beside the button that submits: with what was posted, or what this person said when they saved last."""
    posted = request.POST if request.method == "POST" and "kind" in request.POST else None
    change = form_of("submit", article, now, posted, public)
    change.initial |= said(request, article)
    return change


def said(request, article):
    """What this person said; nothing where words of the story were blanked since, which it may repeat (R22)."""
    if (typed := request.session.get(_key(article))) and typed.get("blankings") != _blankings(article):
        del request.session[_key(article)]
        return {}
    return {name: typed[name] for name in FIELDS if name in typed} if typed else {}


def keep(request, article, is_done):
    """After a save; `is_done` where the change was submitted with it."""
    typed = {name: request.POST[name] for name in FIELDS if name in request.POST}
    if is_done:
        request.session.pop(_key(article), None)
    elif typed:
        request.session[_key(article)] = typed | {"blankings": _blankings(article)}


def _blankings(article):
    return article.blankings.filter(is_done=True).count()


def _key(article):
    return f"said_of_change_{article.pk}"
