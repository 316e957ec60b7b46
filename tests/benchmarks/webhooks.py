"""Thousands of signed webhooks in random order, each twice, by eight clients to a running newsroom. Run by `make test-load`.

Web server and worker are processes as in the demo, Stripe is the sandbox, all of it on 127.0.0.1 and in a database beside
the one that DATABASE_URL names, which is dropped. LOAD_GIFTS says how many gifts, LOAD_LOST how many of their messages
are lost, for `reconcile_stripe --fix` to find. Ends with 1 where an answer is not 200 or a sum, a receipt or a
comparison is not what it should be.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
django.setup()

from django.conf import settings  # noqa: E402 - the settings come first
from django.db import connection  # noqa: E402
from django.db.models import Count, Sum  # noqa: E402

from cms.parts import Parts  # noqa: E402
from donations.models import Gift, Payment, SentMail  # noqa: E402
from donations.sandbox.server import Sandbox  # noqa: E402
from donations.tallies import differences  # noqa: E402
from tests.donations.factories import make_campaign  # noqa: E402
from tests.donations.giving import everything, give  # noqa: E402

MOST, LONGEST = 20_000, 1800  # gifts, and seconds for the deliveries or for the mails
GIFTS = min(int(os.environ.get("LOAD_GIFTS", "5000")), MOST)
LOST = int(os.environ.get("LOAD_LOST", "0"))
SEED = int(os.environ.get("LOAD_SEED", str(random.randrange(10**6))))
CLIENTS = 8
KEY, SECRET = "sk_test_sandbox", "whsec_sandbox"


def main(folder):
    pick, sandbox = random.Random(SEED), stripe()
    campaign = make_campaign(slug="load", ends=None)
    print(f"{connection.vendor}: {GIFTS:,} gifts, seed {SEED}", flush=True)
    told = messages(sandbox, campaign, pick)
    pick.shuffle(told)
    with running(folder, sandbox) as newsroom:
        faults = deliver(newsroom, sandbox, in_disorder(told, pick))
        faults += [*wrong_sums(newsroom, campaign), *wrong_receipts(folder), *wrong_comparisons(newsroom)]
    sandbox.stop()
    print("\n".join(f"  WRONG: {fault}" for fault in faults) or "  all as it should be", flush=True)
    return bool(faults)


# --- Stripe, and a newsroom that knows no other -------------------------------------------------------------------


def stripe():
    sandbox = Sandbox(secret_key=KEY, webhook_secret=SECRET).start()
    settings.DEBUG = False  # which remembers every query, and without which no sandbox starts
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = sandbox.url, KEY
    return sandbox


@contextmanager
def running(folder, sandbox):
    """Web server and worker, on our database."""
    name, address = connection.settings_dict["NAME"], urlsplit(os.environ.get("DATABASE_URL", ""))
    env = {"VAR_DIR": folder, "STRIPE_API_BASE": sandbox.url, "DATABASE_URL": f"sqlite:///{name}"}
    if connection.vendor == "postgresql":
        env["DATABASE_URL"] = env["QUEUE_URL"] = urlunsplit(address._replace(path=f"/{name}"))
    with open(os.path.join(folder, "parts.log"), "w") as log:
        newsroom = Parts(free_port(), log=log, **env)
        try:
            newsroom.start_newsroom()
            yield newsroom
        finally:
            newsroom.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def messages(sandbox, campaign, pick):
    """Stripe's message about the page that each of the gifts was paid on."""
    for _ in range(GIFTS):
        give(sandbox, campaign=campaign, amount=pick.randint(100, 100_000))
        sandbox.capture()
    return [event for event in sandbox.events if event["type"] == "checkout.session.completed"]


def in_disorder(told, pick):
    """Each twice, but those that are lost."""
    kept = told[LOST:] * 2
    pick.shuffle(kept)
    return kept


# --- The load -----------------------------------------------------------------------------------------------------


def deliver(newsroom, sandbox, told):
    """Posts all; says how fast, and what was not answered with 200."""
    waiting, answers, began = SimpleQueue(), [], time.perf_counter()
    for event in told:
        waiting.put(event)
    until = began + LONGEST
    clients = [Thread(target=client, args=(newsroom, sandbox, waiting, answers, until)) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    took = time.perf_counter() - began
    say_how_fast(answers, took)
    statuses = Counter(status for _, status, _ in answers)
    return [] if statuses == {200: len(told)} else [f"answers to {len(told)} webhooks: {dict(statuses)}"]


def client(newsroom, sandbox, waiting, answers, until):
    line = HTTPConnection("127.0.0.1", newsroom.port, timeout=120)
    while time.perf_counter() < until:
        try:
            event = waiting.get_nowait()
        except Empty:
            break
        body, signature = sandbox.signed(event)
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
        began = time.perf_counter()
        line.request("POST", "/stripe/webhook/", body, headers)
        answer = line.getresponse()
        answer.read()
        answers.append((event["id"], answer.status, time.perf_counter() - began))
    line.close()


def say_how_fast(answers, took):
    times, seen = {"booked": [], "again": []}, set()
    for event, _, seconds in answers:
        times["again" if event in seen else "booked"].append(seconds)
        seen.add(event)
    print(f"  {len(answers):,} webhooks in {took:.0f} s by {CLIENTS} clients: {len(answers) / took:.0f} a second")
    for what, seconds in times.items():
        cuts = quantiles(seconds, n=100, method="inclusive")
        print(
            f"  {what}: half within {in_ms(cuts[49])}, 99 of 100 within {in_ms(cuts[98])}, all in {in_ms(max(seconds))}"
        )
    sys.stdout.flush()


def in_ms(seconds):
    return f"{seconds * 1000:,.0f} ms"


# --- What must hold -----------------------------------------------------------------------------------------------


def wrong_sums(newsroom, campaign):
    """The public figure, the kept sums and the rows, against what was given and told."""
    expected = sum(Gift.objects.order_by("begun_at", "pk").values_list("amount", flat=True)) if not LOST else None
    booked = Payment.objects.succeeded().aggregate(sum=Sum("amount"), number=Count("pk"))
    with urlopen(f"{newsroom.url}/campaigns/load.json") as answer:
        raised = json.load(answer)["raised"]
    print(f"  raised {raised:,} of {booked['number']:,} payments", flush=True)
    if raised != booked["sum"] or (expected is not None and raised != expected):
        yield f"raised is {raised}, the payments are {booked['sum']}, the gifts {expected}"
    if booked["number"] != GIFTS - LOST:
        yield f"{booked['number']} payments for {GIFTS - LOST} gifts that were told of"
    yield from differences(campaign)


def wrong_receipts(folder):
    """One for each payment, and each arrived once."""
    began, owed = time.perf_counter(), SentMail.objects.exclude(status="sent")
    while owed.exists() and time.perf_counter() - began < LONGEST:
        time.sleep(1)
    print(f"  the last receipt went out {time.perf_counter() - began:.0f} s later", flush=True)
    payments, receipts = Payment.objects.succeeded().count(), SentMail.objects.filter(status="sent").count()
    arrived = Counter(line for path in Path(folder, "mail").iterdir() for line in addresses(path))
    if not payments == receipts == len(arrived):
        yield f"{payments} payments, {receipts} receipts sent, {len(arrived)} people got one"
    if twice := [line for line, number in arrived.items() if number > 1]:
        yield f"{len(twice)} got more than one receipt, such as {twice[0]}"


def addresses(path):
    return [line for line in path.read_text().splitlines() if line.startswith("To: ") and "@" in line]


def wrong_comparisons(newsroom):
    """Stripe's books against ours: nothing differs but what was lost, which is put right, and only once."""
    if compares(newsroom) == bool(LOST):
        yield f"the comparison found {'nothing' if LOST else 'something'}, and {LOST} messages were lost"
    if LOST:
        if not compares(newsroom, "--fix"):
            yield "not everything that was lost could be put right"
        if Payment.objects.succeeded().count() != GIFTS:
            yield f"{Payment.objects.succeeded().count()} payments of {GIFTS} after the comparison"
        before = settled()
        if not compares(newsroom, "--fix"):
            yield "the second comparison found something"
        for table, rows in settled().items():
            if rows != before[table] and table != "Inspection":  # that it looked is written each time
                yield f"the second comparison wrote {table}"


def settled():
    """Every row of giving, once the worker has no mail to send."""
    while SentMail.objects.exclude(status="sent").exists():
        time.sleep(0.5)
    return everything()


def compares(newsroom, *how):
    """Whether `reconcile_stripe` ends with 0."""
    command = [sys.executable, "manage.py", "reconcile_stripe", "--since", "35d", *how]
    began = time.perf_counter()
    done = subprocess.run(command, env=newsroom.env, cwd=settings.BASE_DIR, stdout=newsroom.log, stderr=newsroom.log)
    took = time.perf_counter() - began
    print(f"  {' '.join(command[2:])} ended with {done.returncode} after {took:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        test = settings.DATABASES["default"]["TEST"]
        test["NAME"] = os.path.join(folder, "load.sqlite3") if connection.vendor == "sqlite" else f"load_{os.getpid()}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            failed = main(folder)
        finally:
            connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)
    sys.exit(int(failed))
