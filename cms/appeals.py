"""Where giving asks about stories: the one thing that a gift keeps of the story it came from."""

from functools import partial

from django.db import transaction

from articles.models import Publication
from articles.models.kept import WORDS_GONE
from donations.models import Gift


def public_title(article_id, now):
    """The headline that readers see of a story, empty where they see none."""
    visible = Publication.objects.visible(now).filter(article=article_id)
    return visible.values_list("headline", flat=True).first() or ""


def forget_headlines(article_id, headlines):
    """Take `headlines`, which two editors have blanked, from the gifts that keep them; the story's number stays.

    Twice: a gift may be written before readers see no such headline any more, and `begin` looks only then.
    """
    forget = partial(Gift.objects.forget_article_titles, article_id, headlines, instead=WORDS_GONE)
    forget()
    transaction.on_commit(forget)
