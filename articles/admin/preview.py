"""The working copy as readers would see it. Never public: it asks who looks, is not stored and not indexed."""

from django.utils import timezone

from articles.models import Publication
from articles.proof import Proof
from articles.views import told_to_readers

from .pages import page
from .pictures import private_renditions


def preview(request, article):
    proof, now = Proof(article.content()), timezone.now()
    live, latest = article.live, article.latest_revision
    proof.first_published = live.first_published if live else now
    proof.updated = live and live.updated
    proof.shows_appeal = False
    if proof.lead_picture:
        proof.lead_picture.renditions = private_renditions(proof.lead_picture)
    context = {
        "preview": True,
        "article": article,
        "revision": latest,
        "story": proof,
        "section": proof.section,
        "lines": proof.lines,
        "authors": list(dict.fromkeys(line.author for line in proof.lines if line.author.bio)),
        "topics": proof.topics,
        "minutes": proof.minutes,
        **told_to_readers(Publication.objects.seen(now).filter(article=article)),
    }
    response = page(request, "admin/articles/article/preview.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
