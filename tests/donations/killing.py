"""Where a booking may be killed, and processes that can really be: each is forked of one that has loaded everything."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from functools import partial
from typing import NamedTuple

import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from donations import tallies, webhooks
from donations.ledger import booking, money
from tests.donations.giving import poster

AT_MOST = 60  # seconds that a process lives
STRIPES = ("STRIPE_API_BASE", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_LIVE")


class Point(NamedTuple):
    """The function before (or after) which a process ends, and how many payments are booked then."""

    where: object
    name: str
    after: bool = False
    payments: int = 0


POINTS = {
    "stored, and nothing asked": Point(webhooks, "settle"),
    "fetched, and nothing written": Point(booking, "write"),
    "the version moved": Point(booking, "write_money"),
    "the payment written": Point(money, "owe_receipt"),
    "the gift written, and not the sums": Point(booking, "write_gift", after=True),
    "all written, and not committed": Point(tallies, "carry", after=True),
    "booked, and the inbox not told": Point(webhooks, "write_down", payments=1),
}


def stop_at(point, end, put=setattr):
    """Has `end` called at a point."""
    real = getattr(point.where, point.name)

    def stops(*args, **kwargs):
        if point.after:
            real(*args, **kwargs)
        end()

    put(point.where, point.name, stops)


# --- In the processes ----------------------------------------------------------------------------------------------


def bear():
    """Forks a process for each line that it reads, and says when it has ended, and by which signal."""
    from huey.contrib.djhuey import HUEY

    HUEY.immediate = True  # as in the tests
    setup_test_environment()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(**json.loads(line))
            os._exit(0)
        tell("ended", os.WTERMSIG(os.waitpid(child, 0)[1]))


def live(works, point, now, message, ours):
    """Answers a delivery or works as the worker does, and halts at a point, for there it is to be killed."""
    signal.alarm(AT_MOST)
    for name, value in ours.items():
        setattr(settings, name, value)
    stop_at(POINTS[point], halt)
    with time_machine.travel(datetime.fromisoformat(now)):
        {"web": partial(poster(Client()), *message), "worker": partial(call_command, "process_inbox")}[works]()


def halt():
    tell("halted", os.getpid())
    time.sleep(AT_MOST)


def tell(*words):
    print(*words, flush=True)


# --- In the tests --------------------------------------------------------------------------------------------------


class Nursery:
    """The process of which the others are forked: to load everything takes seconds, and a fork next to nothing."""

    def __init__(self, var):
        lives = "import django; django.setup(); from tests.donations.killing import bear; bear()"
        ours = {"DJANGO_SETTINGS_MODULE": "cms.settings", "DATABASE_URL": database_url(), "VAR_DIR": str(var)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", lives]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | ours, **pipes)

    def kill(self, works, point, *, now, message=("", "")):
        """Has a process work up to a point and kills it there."""
        ours = {name: getattr(settings, name) for name in STRIPES}
        order = {"works": works, "point": point, "now": now.isoformat(), "message": message, "ours": ours}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        halted, pid = self.process.stdout.readline().split()
        assert halted == "halted"
        os.kill(int(pid), signal.SIGKILL)
        assert self.process.stdout.readline().split() == ["ended", str(int(signal.SIGKILL))]

    def close(self):
        self.process.communicate()


def database_url():
    """Where the test's own rows are, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    return f"postgres://{who}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
