import signal
import threading

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from donations.sandbox.account import StateUnreadable
from donations.sandbox.server import Sandbox, SandboxRefused


class Command(BaseCommand):
    help = "Serve a pretended Stripe on this machine: its API, payment pages, webhooks and a control page. DEBUG only."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8001, help="on 127.0.0.1 (default: 8001)")
        parser.add_argument("--webhook", help="where events go: http://127.0.0.1:8000/stripe/webhook/")
        parser.add_argument("--state", help="a JSON file that keeps the account from one run to the next")

    def handle(self, *, port, webhook, state, **options):
        if not 0 <= port <= 65535:
            raise CommandError(f"{port} is no port. Choose one from 1 to 65535 with --port.")
        sandbox = self._started(port, webhook, state)
        told = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: told.set())
        self.stdout.write(f"Stripe sandbox: {sandbox.url}/")
        self.stdout.flush()
        told.wait()
        sandbox.stop()

    def _started(self, port, webhook, state):
        try:
            return Sandbox(
                secret_key=settings.STRIPE_SECRET_KEY or "sk_test_sandbox",
                webhook_url=webhook,
                webhook_secret=settings.STRIPE_WEBHOOK_SECRET or "whsec_sandbox",
                state_file=state,
            ).start(port, by_itself=True)
        except (SandboxRefused, StateUnreadable) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(
                f"Port {port} cannot be used: {problem.strerror}. Choose another with --port."
            ) from problem
