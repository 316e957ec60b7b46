"""What the worker does for stories. A task is a hint and may be lost: the sweeps of `cms.tasks` find what is due."""

from django.utils import timezone
from huey.contrib.djhuey import db_task

from . import mails, renditions
from .models import Article, Picture


@db_task()
def fire(article_id):
    Article.objects.get(pk=article_id).fire(now=timezone.now())


@db_task()
def tend_renditions(picture_id):
    renditions.tend(Picture.objects.get(pk=picture_id), timezone.now())


@db_task()
def send_mails():
    mails.send_due(timezone.now())
