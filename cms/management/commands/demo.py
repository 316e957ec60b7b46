import fcntl
import shutil
import signal
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cms.parts import PartFailed, Parts

READY = """
{newsroom} is open. Stop everything with Ctrl-C.

  Readers   {web}/
  Give      {web}/donate/
  Desk      {web}/admin/
  Stripe    {sandbox}/   (the sandbox's control page: refunds, disputes, next month)
  Mails     {mails}

  Accounts (password: demo)
    journalist   Ana Reyes       writes
    editor       Tomas Lindqvist reads, approves and publishes
    managing     Ruth Okafor     managing editor
    fundraiser   Priya Nair      campaigns, gifts, payments
    admin        everything
"""


class Command(BaseCommand):
    help = "Run a whole demo newsroom on this machine: SQLite, web server, worker and Stripe sandbox, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="of the web server; the sandbox takes the next one")
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away and begin afresh")

    def handle(self, *, port, reset, **options):
        if not settings.DEBUG:
            raise CommandError("The demo has known passwords and runs only with DEBUG=1. Unset DEBUG.")
        for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # Ctrl-C, kill, a closed terminal
            signal.signal(end, signal.default_int_handler)
        parts = Parts(port)
        try:
            parts.check_ports()
            alone = self.take_the_folder()
            if reset:
                self.begin_afresh()
            parts.manage("migrate", "--verbosity", "0")
            parts.manage("seed_demo")
            parts.start("--look")  # its gifts are months old, and the desk would say that no night had looked at them
            self.announce(parts)
            while not alone.closed:
                parts.keep_up(self.stderr.write, time.monotonic())
                time.sleep(0.5)
        except PartFailed as failure:
            raise CommandError(str(failure)) from failure
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")
        finally:
            parts.stop()

    def take_the_folder(self):
        """Two demos on one folder would share a database and a queue; the lock goes with this process."""
        lock = (settings.VAR_DIR / "demo.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise PartFailed(
                f"A demo is running on {settings.VAR_DIR} already. Stop it, or give this one VAR_DIR=another-folder."
            ) from taken
        return lock

    def begin_afresh(self):
        """Removes what the demo keeps, and nothing else that may lie in the same folder."""
        for pattern in ("newsroom.sqlite3*", "queue.sqlite3*", "sandbox.json*", "media", "mail"):
            for path in settings.VAR_DIR.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def announce(self, parts):
        mails = settings.VAR_DIR / "mail"
        self.stdout.write(
            READY.format(newsroom=settings.NEWSROOM_NAME, web=parts.url, sandbox=parts.sandbox_url, mails=mails)
        )
