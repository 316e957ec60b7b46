from django.contrib import admin
from django.urls import include, path, re_path

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
