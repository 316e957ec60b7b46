from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules


class Command(BaseCommand):
    help = "Send mails, make pictures' renditions and sweep up whatever is due, until it is told to end."

    def add_arguments(self, parser):
        parser.add_argument("--threads", type=int, default=2, help="how many tasks run at once (default: 2)")
        parser.add_argument(
            "--no-clock", action="store_true", help="for a second worker: only one may run the periodic sweep"
        )

    def handle(self, *, threads, no_clock, **options):
        from huey.contrib.djhuey import HUEY

        autodiscover_modules("tasks")
        if not no_clock:
            from cms.tasks import sweep

            # Ours, if we were killed: one worker has the clock.
            HUEY.flush_locks("sweep", "clock", "reconcile", "tallies", "endpoint", "forgotten pictures", "retention")
            sweep.call_local()  # what fell due while no worker ran
        HUEY.create_consumer(
            workers=threads,
            periodic=not no_clock,
            initial_delay=0.1,
            max_delay=1.0,
            graceful_signal="TERM",  # what systemd and containers send: the task at hand is finished first
        ).run()
