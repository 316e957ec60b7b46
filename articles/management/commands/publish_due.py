from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from articles.moments import in_words
from articles.schedule import publish_due


class Command(BaseCommand):
    help = "Book every scheduled story whose time has come, as the worker does every minute."

    def handle(self, **options):
        done = publish_due(timezone.now())
        for publication in done.fired:
            self.stdout.write(f"{publication.headline}: version {publication.version}, {_since(publication)}")
        if not done.fired and not done.failed:
            self.stdout.write("Nothing is due.")
        if done.failed:
            raise CommandError(f"Not booked, see the log: {', '.join(map(_name, done.failed))}")


def _since(publication):
    return f"public since {in_words(publication.visible_from)}"


def _name(publication):
    return f"story {publication.article_id} (version {publication.version})"
