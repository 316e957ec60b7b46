"""Preview links at the desk: made, copied and revoked on a page of the story."""

import uuid

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from articles.models.verbs.sharing import DAYS, LONGEST_WHOM, USUAL_DAYS
from articles.workflow import MoveNotAllowed

from .pages import page, standing

PAST = 20  # links that lead nowhere any more, the latest first


class ShareForm(forms.Form):
    meant_for = forms.CharField(
        label="For whom", max_length=LONGEST_WHOM, help_text="They read it on top of the page: “the lawyer”, a name."
    )
    words = forms.ChoiceField(label="Which words", widget=forms.RadioSelect)
    days = forms.TypedChoiceField(
        label="How long",
        coerce=int,
        choices=[(days, f"{days} day{'s' if days > 1 else ''}") for days in DAYS],
        initial=USUAL_DAYS,
        widget=forms.RadioSelect,
    )

    def __init__(self, data=None, *, revision):
        super().__init__(data)
        latest = ("latest", "The latest words, as they are saved when somebody looks")
        numbers = {revision.number, self._posted()} if revision else set()
        one = [
            (str(number), f"Revision {number} alone, as it is") for number in sorted(numbers - {None}, reverse=True)
        ]
        self.fields["words"].choices = [latest, *one]
        self.fields["words"].initial = "latest"

    def _posted(self):
        """The revision that was the latest when the form was opened; the model knows whether there is one."""
        number = self.data.get("words", "")
        return int(number) if number.isdecimal() and len(number) < 10 else None

    def wanted(self):
        """What `Article.share_preview` takes."""
        words = self.cleaned_data["words"]
        revision = None if words == "latest" else int(words)
        return {"meant_for": self.cleaned_data["meant_for"], "days": self.cleaned_data["days"], "revision": revision}


@require_http_methods(["GET", "HEAD", "POST"])
def share(request, article):
    if not article.may_share(request.user):
        raise Http404("There is no such page.")
    form = ShareForm(request.POST if request.method == "POST" else None, revision=article.latest_revision)
    if not form.is_bound:
        return _page(request, article, form)
    if not form.is_valid():
        return _page(request, article, form, status=422)
    try:
        link = article.share_preview(by=request.user, now=timezone.now(), **form.wanted())
    except MoveNotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _page(request, article, form, status=409)
    messages.success(request, f"The link for {link.meant_for} is made. Copy it below.")
    return _back(article)


@require_POST
def revoke(request, article):
    link = _link(article, request.POST.get("link", ""))
    if link is None or not article.may_share(request.user):
        raise Http404("There is no such link.")
    try:
        article.revoke_preview(link, by=request.user, now=timezone.now())
    except MoveNotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Revoked. The link for {link.meant_for} leads nowhere from now on.")
    return _back(article)


def _link(article, key):
    try:
        return article.preview_links.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        return None


def _back(article):
    return HttpResponseRedirect(reverse("admin:articles_article_share", args=[article.pk]))


def _page(request, article, form, status=200):
    now, user = timezone.now(), request.user
    links = list(article.preview_links.with_standing().select_related("by", "revoked_by", "revision"))
    for link in links:
        link.address = f"{settings.SITE_URL}{link.get_absolute_url()}"
        link.leads_somewhere, link.has_expired = link.is_open(now), link.expires_at <= now
        link.may_be_revoked = article.may_revoke(link, user)
    context = standing(article, article.live) | {
        "title": f"Share a preview: {article}",
        "form": form,
        "open_links": [link for link in links if link.leads_somewhere],
        "past_links": [link for link in links if not link.leads_somewhere][:PAST],
    }
    return page(request, "admin/articles/article/share.html", context, status=status)


def addresses(story, of_story):
    """The addresses of all this below a story's own; `of_story` wraps a view of one story."""
    return [
        path(f"{story}/share/", of_story(share), name="articles_article_share"),
        path(f"{story}/revoke_preview/", of_story(revoke), name="articles_article_revoke_preview"),
    ]
