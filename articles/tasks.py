"""What the worker does for stories. A task is a hint and may be lost: `renditions.make_missing` finds what is due."""

from huey.contrib.djhuey import db_task

from . import renditions
from .models import Picture


@db_task()
def make_renditions(picture_id):
    renditions.make(Picture.objects.get(pk=picture_id))
