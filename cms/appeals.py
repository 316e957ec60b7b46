"""Where giving asks about stories: the one thing that a gift keeps of the story it came from."""

from articles.models import Publication


def public_title(article_id, now):
    """The headline that readers see of a story, empty where they see none."""
    visible = Publication.objects.visible(now).filter(article=article_id)
    return visible.values_list("headline", flat=True).first() or ""
