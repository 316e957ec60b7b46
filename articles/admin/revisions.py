"""The revisions of a story: a list, one of them as a page, any two of them compared. Bringing one back is a verb."""

from django.core.exceptions import BadRequest
from django.db.models import BooleanField, Case, Prefetch, Value, When
from django.http import Http404
from django.urls import path
from django.utils import timezone

from articles.models import Publication, Review
from articles.proof import Proof

from .comparing import told
from .pages import page, standing


def revisions(request, article):
    """All of them, newest first, each with what became of it."""
    now = timezone.now()
    rows, live = _marked(article), article.live_at(now)
    for row in rows:
        row.marks = _marks(row, live, now)
    shown = [row.number for row in rows if not row.blanked]
    context = standing(article, live) | {
        "title": f"Revisions of {article}",
        "revisions": rows,
        "latest": rows[0].number if rows else None,
        "chosen": shown[:2],
        "may_restore": _may_restore(request.user, article, now),
    }
    return page(request, "admin/articles/article/revisions.html", context)


def revision(request, article, number):
    """One revision as a page."""
    row, now = _find(article, number), timezone.now()
    live, proof = article.live_at(now), None if row.is_blanked else Proof(row.content)
    context = standing(article, live) | {
        "title": f"Revision {number} of {article}",
        "revision": row,
        "marks": _marks(row, live, now),
        "proof": proof,
        "language": proof and proof.words("language"),
        "is_latest": number == article.latest_revision.number,
        "may_restore": _may_restore(request.user, article, now),
    }
    return page(request, "admin/articles/article/revision.html", context)


def compare(request, article):
    """Two revisions, the earlier one first, whichever way round they were chosen."""
    first, last = (_find(article, number) for number in sorted(_chosen(request.GET)))
    blanked = [row.number for row in (first, last) if row.is_blanked]
    difference = {} if blanked else told(first.content, last.content)
    context = standing(article, article.live) | {
        "title": f"Revisions {first.number} and {last.number} of {article}",
        "compared": [first, last],
        "first": first,
        "last": last,
        "blanked": blanked,
        **difference,
    }
    return page(request, "admin/articles/article/compare.html", context)


def _chosen(query):
    try:
        return int(query.get("from", "")), int(query.get("to", ""))
    except ValueError as odd:
        raise BadRequest("Two revisions are compared by their numbers: ?from=1&to=2.") from odd


def _find(article, number):
    row = article.revisions.select_related("by", "restored_from").filter(number=number).first()
    if row is None:
        raise Http404("There is no such revision.")
    return row


def _marked(article):
    """The revisions without their words, but with whether those were blanked, and what became of each."""
    blanked = Case(When(content__isnull=True, then=Value(True)), default=Value(False), output_field=BooleanField())
    rounds = Review.objects.filter(subject=Review.Subject.CONTENT).order_by("submitted_at", "pk")
    return list(
        article.revisions.defer("content")
        .select_related("by", "restored_from")
        .annotate(blanked=blanked)
        .prefetch_related(
            Prefetch("reviews", rounds, to_attr="rounds"),
            Prefetch("publications", Publication.objects.order_by("version").defer("body"), to_attr="versions"),
        )
        .order_by("-number")
    )


def _marks(row, live, now):
    """What became of a revision, in words: submitted, approved, public."""
    rounds = row.rounds if hasattr(row, "rounds") else row.reviews.filter(subject=Review.Subject.CONTENT)
    versions = row.versions if hasattr(row, "versions") else row.publications.order_by("version")
    outcomes = {review.outcome for review in rounds}
    marks = ["submitted"] if outcomes else []
    marks += ["approved"] if Review.Outcome.APPROVED in outcomes else []
    return marks + [f"version {version.version}, {_seen(version, live, now)}" for version in versions]


def _seen(version, live, now):
    """Whether readers see a public version, or once did."""
    if version == live:
        return "public now"
    if version.visible_until == version.visible_from:
        return "never seen"  # it was taken off the schedule
    return "scheduled" if version.visible_from > now else "was public"


def _may_restore(user, article, now):
    return any(verb.name == "save" for verb in article.allowed_verbs(user, now))


def addresses(story, of_story):
    """The addresses of all this below a story's own."""
    return [
        path(f"{story}/revisions/", of_story(revisions), name="articles_article_revisions"),
        path(f"{story}/revisions/compare/", of_story(compare), name="articles_article_compare"),
        path(f"{story}/revisions/<int:number>/", of_story(revision), name="articles_article_revision"),
    ]
