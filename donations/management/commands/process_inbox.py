from django.core.management.base import BaseCommand
from django.utils import timezone

from donations.webhooks import process_inbox


class Command(BaseCommand):
    help = "Books the events of Stripe that failed or were left unfinished; the worker does it every minute."

    def handle(self, *args, **options):
        self.stdout.write(f"{process_inbox(timezone.now())} events settled.")
