"""What nobody must overlook: what one person alone sent out, what waits for a second one, what waits for its time."""

from .models import Article, Blanking, Publication, Review
from .moments import shortly
from .workflow import Kind, Status

MOST = 30


def red_flags(user):
    """For the dashboard of an editor, oldest first; scheduled stories in the order in which they go out."""
    seen = Article.objects.seen_by(user).values("pk")
    proposals = Review.objects.open().filter(article__in=seen).select_related("article", "submitted_by")
    proposals = proposals.order_by("submitted_at").defer("article__body")
    blankings = Blanking.objects.open().filter(article__in=seen).select_related("article", "proposed_by")
    return {
        "unconfirmed": list(proposals.filter(subject=Review.Subject.EMERGENCY)[:MOST]),
        "retractions": list(proposals.filter(subject=Review.Subject.RETRACTION)[:MOST]),
        "blankings": list(blankings.order_by("proposed_at").defer("article__body")[:MOST]),
        "scheduled": list(waiting_for_their_time().filter(article__in=seen)[:MOST]),
    }


def own_scheduled(user):
    return list(waiting_for_their_time().filter(article__in=Article.objects.own(user).values("pk"))[:MOST])


def waiting_for_their_time():
    waiting = Publication.objects.open().filter(article__status=Status.SCHEDULED)
    return waiting.for_links().select_related("approved_by").order_by("visible_from", "pk")


def marks(story, now):
    """Words beside a story in lists, each with its style: whether it is live or away, what is red, which times hold.

    `story` comes from `Article.objects.for_desk`.
    """
    is_retracted = story.public_kind == Kind.RETRACTION
    if story.has_public_version and not is_retracted and story.status != Status.PUBLISHED:
        yield "live", "live"
    if is_retracted:
        yield "red", "retracted"
    if story.down_code:
        yield "red", f"taken down ({story.down_code})"
    if story.is_unreviewed:
        yield "red", "published without review"
    if story.goes_out_at and story.status == Status.SCHEDULED:
        is_due = story.goes_out_at <= now
        yield "scheduled", f"{'public since' if is_due else 'goes public'} {shortly(story.goes_out_at)}"
    if story.embargo and story.embargo > now:
        yield "embargo", f"embargo until {shortly(story.embargo)}"
