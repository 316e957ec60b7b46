"""What a load balancer and a monitor ask. No page touches sessions, and only `worker` looks at the worker."""

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from articles import schedule


@never_cache
def healthz(request):
    """The process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request):
    """The process can answer readers: its database answers. An error is a 500, which takes it out of service."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready\n", content_type="text/plain")


@never_cache
def worker(request):
    """The schedule can be relied on; 503 with the reason after two minutes of silence, which is also told by mail."""
    trouble = schedule.notice(timezone.now())
    return HttpResponse(f"{trouble or 'on time'}\n", content_type="text/plain", status=503 if trouble else 200)
