"""What readers fetch of pictures, where no proxy answers before."""

from django.conf import settings
from django.views.static import serve


def public_file(request, path):
    """A file of the public storage; the place is asked for with each request, as the storage itself does."""
    return serve(request, path, document_root=settings.MEDIA_ROOT)
