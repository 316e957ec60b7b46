from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from articles import renditions
from articles.models import Article, Publication
from cms.demo.newsroom import PASSWORD, newsroom
from donations.models import Campaign, Gift
from donations.totals import public_totals

SANDBOX_STATE = "sandbox.json"  # in VAR_DIR, where the demo's sandbox reads it when it starts


class Command(BaseCommand):
    help = "Fill an empty database with the demo newsroom: people, stories, pictures, a campaign and its gifts."
    requires_system_checks = []  # a second run has nothing to do, and does it quickly

    def handle(self, **options):
        if not settings.DEBUG:
            raise CommandError("The demo's accounts have a password that everybody knows. Seed it with DEBUG=1 only.")
        if settings.STRIPE_LIVE:
            raise CommandError("STRIPE_SECRET_KEY is a live key, and the demo's gifts are pretended. Unset it.")
        if campaign := Campaign.objects.filter(slug=newsroom()["campaign"]["slug"]).first():
            return self.say("The demo newsroom is here already and was kept:", campaign)
        refuse_another_newsroom()
        campaign = seed(timezone.now())
        renditions.make_missing(timezone.now())  # the first page that somebody sees has its pictures
        self.say("The demo newsroom is ready:", campaign)
        self.stdout.write(f"  Accounts: {', '.join(accounts())}; their password is “{PASSWORD}”.")

    def say(self, words, campaign):
        stories, up = Article.objects.count(), Publication.objects.visible(timezone.now()).count()
        totals = public_totals(campaign)
        raised, goal = campaign.money(totals.raised), campaign.money(totals.goal)
        self.stdout.write(
            f"{words} {stories} stories, {up} of them published; {Gift.objects.count()} gifts, "
            f"{raised} of {goal} raised ({totals.percent}%)."
        )


def accounts():
    return [person.username for person in newsroom()["people"] if person.account]


def refuse_another_newsroom():
    """Accounts with a known password have no business in somebody's own newsroom."""
    taken = get_user_model().objects.filter(username__in=[person.username for person in newsroom()["people"]])
    names = ", ".join(taken.values_list("username", flat=True))
    if names or Article.objects.exists() or Campaign.objects.exists():
        what = f"accounts named {names}" if names else "stories or campaigns"
        raise CommandError(
            f"This database already has {what}. The demo needs an empty one: set VAR_DIR to a new folder."
        )


def seed(now):
    """Everything or nothing. Mails and renditions are asked for after the commit, when the mails count as sent."""
    from cms.demo.giving import give_all  # not needed, and slow to read, when there is nothing to do
    from cms.demo.stories import tell_all
    from donations.sandbox.server import Sandbox

    sandbox = Sandbox(secret_key=settings.STRIPE_SECRET_KEY or "sk_test_sandbox").start()
    try:
        with transaction.atomic():
            users, articles = tell_all(now)
            campaign = give_all(articles=articles, users=users, sandbox=sandbox, now=now)
    finally:
        sandbox.stop()
    sandbox.account.save(settings.VAR_DIR / SANDBOX_STATE)
    return campaign
