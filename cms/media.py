"""What readers fetch of pictures, where no proxy answers before."""

from errno import ENAMETOOLONG

from django.conf import settings
from django.http import Http404
from django.views.decorators.cache import cache_control
from django.views.static import serve

A_YEAR = 365 * 24 * 3600


@cache_control(public=True, max_age=A_YEAR, immutable=True)  # a file never changes; a 404 raises, and is not kept
def public_file(request, path):
    """A file of the public storage; the place is asked for with each request, as the storage itself does."""
    try:
        return serve(request, path, document_root=settings.MEDIA_ROOT)
    except OSError as trouble:
        if trouble.errno != ENAMETOOLONG:
            raise
        raise Http404("No file has so long a name.") from trouble
