from collections import Counter

from django.core.management.base import BaseCommand, CommandError

from articles.models import Article
from articles.verification import findings

COUNTED = ("stories", "revisions", "reviews", "events", "versions")


class Command(BaseCommand):
    help = "Recompute every hash of the history and compare what its rows tell of each other. Changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--article", type=int, metavar="N", help="only the story with this number")

    def handle(self, *, article, **options):
        articles = Article.objects.all() if article is None else Article.objects.filter(pk=article)
        counted, found = Counter(), 0
        for found, finding in enumerate(findings(articles, counted), start=1):  # noqa: B007 - how many there were
            self.stdout.write(str(finding))
        if article is not None and not counted["stories"]:
            raise CommandError(f"There is no story {article}.")
        checked = ", ".join(f"{what}: {counted[what]}" for what in COUNTED)
        if found:
            raise CommandError(f"Findings: {found}. Read were {checked}. docs/deploying.md says what to do.")
        self.stdout.write(f"The history agrees with itself. Read were {checked}.")
