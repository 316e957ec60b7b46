"""What the dialog for pictures in the text asks for: the archive, searched and page by page; a place for an upload."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from articles.forms import fitting
from articles.models import Picture

PER_PAGE = 24


@require_GET
def choices(request):
    """{"pictures": […], "more": whether there are others, "token": for the upload}: latest first."""
    page = request.GET.get("page", "1")
    start = (max(int(page), 1) - 1) * PER_PAGE if page.isdecimal() and len(page) < 5 else 0
    offered = Picture.objects.offered_to(request.user).search(request.GET.get("q", "").replace("\0", ""))
    found = list(offered[start : start + PER_PAGE + 1])
    answer = {"pictures": [_described(picture) for picture in found[:PER_PAGE]], "more": len(found) > PER_PAGE}
    return JsonResponse(answer | {"token": get_token(request)})


@require_POST
def upload(request):
    """Keep the file and answer as for a choice; 422 with a sentence where it is no picture for us."""
    if not request.user.has_perm("articles.add_picture"):
        raise PermissionDenied
    if "upload" not in request.FILES:
        return JsonResponse({"problem": "No file arrived. Choose it once more."}, status=422)
    words = {name: fitting(name, request.POST.get(name, "")) for name in ("title", "alt", "credit")}
    try:
        picture = Picture.receive(request.FILES["upload"], by=request.user, now=timezone.now(), **words)
    except ValidationError as refusal:
        return JsonResponse({"problem": " ".join(refusal.messages)}, status=422)
    return JsonResponse(_described(picture), status=201)


def _described(picture):
    return {
        "key": str(picture.pk),
        "title": picture.title,
        "alt": picture.alt,
        "credit": picture.credit,
        "small": reverse("admin:articles_picture_small", args=[picture.pk]),
    }
