from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules


class Command(BaseCommand):
    help = "Send mails, make pictures' renditions and sweep up whatever is due, until it is told to end."

    def add_arguments(self, parser):
        parser.add_argument("--threads", type=int, default=2, help="how many tasks run at once (default: 2)")
        parser.add_argument(
            "--no-clock", action="store_true", help="for a second worker: only one may run the periodic sweep"
        )

        parser.add_argument(
            "--look", action="store_true", help="look at once, not only at night, whether our books and Stripe's agree"
        )

    def handle(self, *, threads, no_clock, look, **options):
        from huey.contrib.djhuey import HUEY

        autodiscover_modules("tasks")
        if not no_clock:
            from cms.tasks import sweep

            # Ours, if we were killed: one worker has the clock.
            HUEY.flush_locks("sweep", "clock", "reconcile", "tallies", "endpoint", "forgotten pictures", "retention")
            sweep.call_local()  # what fell due while no worker ran
        if look:
            from cms.tasks import ask_where_messages_go, compare_with_stripe, tend_tallies

            for task in (ask_where_messages_go, compare_with_stripe, tend_tallies):
                task()
        HUEY.create_consumer(
            workers=threads,
            periodic=not no_clock,
            initial_delay=0.1,
            max_delay=1.0,
            graceful_signal="TERM",  # what systemd and containers send: the task at hand is finished first
        ).run()
