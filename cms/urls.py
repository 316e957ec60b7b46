from django.contrib import admin
from django.urls import include, path, re_path
from django.views.defaults import page_not_found

from cms import health, media
from donations.views import kept_by_nobody

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/worker", health.worker, name="healthz_worker"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>.+)$", media.public_file),  # a proxy may answer first
    path("", include("donations.urls")),
    path("", include("articles.urls")),  # last: its sections take any remaining first name
]

# Caches may hold a 404 without a word for minutes, and a scheduled story is read from its second on. An address that
# is not found may be a giver's, with a letter missing.
handler404 = kept_by_nobody(page_not_found)
