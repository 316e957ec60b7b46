"""The working copy as readers would see it. Never public: it asks who looks, is not stored and not indexed."""

from django.utils import timezone

from articles.preview import PRIVATE, as_readers_see

from .pages import page
from .pictures import original_url


def preview(request, article):
    context = as_readers_see(article, article.content(), timezone.now(), original_url)
    context |= {"article": article, "revision": article.latest_revision}
    response = page(request, "admin/articles/article/preview.html", context)
    response["X-Robots-Tag"] = PRIVATE["X-Robots-Tag"]
    return response
