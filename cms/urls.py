from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from django.views.defaults import page_not_found

from cms import health, media

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/worker", health.worker, name="healthz_worker"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>.+)$", media.public_file),  # a proxy may answer first
    path("", include("donations.urls")),
    path("", include("articles.urls")),  # last: its sections take any remaining first name
]

# Kept by nobody: caches may hold a 404 without a word for minutes, and a scheduled story is read from its second on.
handler404 = never_cache(page_not_found)
