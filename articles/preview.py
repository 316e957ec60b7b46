"""Words that are not public, in the readers' page: at the desk, and behind a link for somebody without a login.

Neither is stored by browsers or found by search engines. A link answers 404 for everything that it is not for.
"""

from functools import wraps
from mimetypes import guess_type

from django.http import FileResponse, Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from .figures import pictures_of
from .models import Picture, PreviewLink, Publication
from .proof import Proof
from .renditions import DESK_WIDTH, desk_copy
from .versions import told_on_the_page

PRIVATE = {
    "Cache-Control": "no-store, private",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",  # the address is the key: no other page is told of it
}


def as_readers_see(article, words, now, file_url):
    """What `articles/article.html` prints of `words` (a content dict); `file_url(picture)` is where its file is."""
    proof, live = Proof(words), article.live_at(now)
    proof.first_published = live.first_published if live else now
    proof.updated = live and live.updated
    proof.shows_appeal = False
    for picture in filter(None, [proof.lead_picture, *proof.body_pictures.values()]):
        picture.renditions = [_private_rendition(picture, file_url)]
    return {
        "preview": True,
        "story": proof,
        "section": proof.section,
        "lines": proof.lines,
        "authors": list(dict.fromkeys(line.author for line in proof.lines if line.author.bio)),
        "topics": list(dict.fromkeys(topic.today for topic in proof.topics)),
        "minutes": proof.minutes,
        **told_on_the_page(Publication.objects.seen(now).filter(article=article)),
    }


def _private_rendition(picture, file_url):
    """The original as a rendition that only those can fetch who may see it."""
    name = picture.original.name
    size = {"width": picture.width, "height": picture.height}
    return {"name": name, "url": file_url(picture), "type": guess_type(name)[0], **size}


def file_of(picture, name=None):
    """A file of `picture` from private storage, the original unless a `name` is given."""
    name = name or picture.original.name
    try:
        file = picture.original.storage.open(name)
    except FileNotFoundError as missing:
        raise Http404("The file of this picture is missing from private storage.") from missing
    return FileResponse(file, content_type=guess_type(name)[0], headers={"Content-Disposition": "inline"})


def small_file_of(picture):
    """The copy that the desk shows; the original where that is small already, or gone."""
    if picture.width <= DESK_WIDTH or not picture.original.storage.exists(picture.original.name):
        return file_of(picture)
    return file_of(picture, desk_copy(picture))


# --- Behind a link ---------------------------------------------------------------------------------------------------


def by_link(view):
    """`view(request, link, now, …)` for a link that leads somewhere; one and the same 404 for every other token."""

    @wraps(view)
    def answer(request, token, **rest):
        now = timezone.now()
        link = PreviewLink.objects.behind(token, now)
        try:
            response = view(request, link, now, **rest) if link else None
        except Http404:
            response = None
        response = response or render(request, "404.html", status=404)
        for name, value in PRIVATE.items():
            response.headers[name] = value
        return response

    return require_safe(answer)


@by_link
def shared(request, link, now):
    article, words = link.article, link.words()

    def file_url(picture):
        return reverse("articles:preview_picture", args=[link.token, picture.pk])

    context = as_readers_see(article, words, now, file_url) | {"link": link, "public": _published(article, words, now)}
    return render(request, "articles/preview.html", context)


def _published(article, words, now):
    """The public version, where it says just what `words` say."""
    live = article.live_at(now)
    return live if live and live.content() == Proof(words).content else None


@by_link
def shared_picture(request, link, now, key):
    """A copy for screens: the original stays in the house. A picture that was withdrawn is withdrawn here too."""
    if str(key) not in pictures_of(link.words()):
        raise Http404("These words show no such picture.")
    picture = Picture.objects.filter(pk=key, withdrawn_at__isnull=True).first()
    return small_file_of(picture) if picture else None
