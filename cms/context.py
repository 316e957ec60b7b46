"""What every template may say of the newsroom. Nothing here touches the user, the session or the database."""

from django.conf import settings


def newsroom(request):
    return {"newsroom": settings.NEWSROOM_NAME, "site_url": settings.SITE_URL, "test_mode": not settings.STRIPE_LIVE}
