"""The running parts of a newsroom on one machine: web server, worker and Stripe sandbox, as processes of ours.

For the demo and the browser tests; docs/deploying.md says how production starts its own.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

from django.conf import settings

# What the demo decides for itself, whatever the shell around it says.
OWN_SETTINGS = (
    "ALLOWED_HOSTS CACHE_URL DATABASE_URL DEFAULT_FROM_EMAIL EMAIL_URL NEWSROOM_NAME QUEUE_URL S3_BUCKET S3_ENDPOINT"
    " SECRET_KEY SENTRY_DSN TIME_ZONE CURRENCY"
).split()
SANDBOX_KEY = "sk_test_sandbox"
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - known to everybody, and good for the sandbox only


MOST_ENDS, FOR_ENDS = 3, 60  # a part that ends so often within so many seconds is not started again


class PartFailed(Exception):
    """A part did not start or has ended; the message says which, and what to do."""


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _how_it_ended(code):
    """`code` as `Popen.returncode` says it: below zero it is the signal that killed the process."""
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _end_what_is_left_of(process):
    """A web server that was killed leaves its workers behind, who would go on answering beside the next one."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Parts:
    """Web on `port`, the sandbox on the next one, and the worker. `start` returns when all of them answer."""

    def __init__(self, port, *, embedded=True, log=None, **env):
        """With `embedded` the parts use SQLite and files whatever the shell says; `env` is said on top of all that."""
        self.port, self.log = port, log
        self.url, self.sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        self.processes, self.ends = {}, {}
        self.env = {k: v for k, v in os.environ.items() if not (embedded and k in OWN_SETTINGS)}
        self.env |= {
            "DEBUG": "1",
            "SITE_URL": self.url,
            "STRIPE_SECRET_KEY": SANDBOX_KEY,
            "STRIPE_WEBHOOK_SECRET": SANDBOX_WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.sandbox_url,
            "PYTHONUNBUFFERED": "1",
            "VAR_DIR": str(settings.VAR_DIR),
            **env,
        }

    def check_ports(self):
        if not 1 <= self.port <= 65534:
            raise PartFailed(f"{self.port} is no port. Choose one from 1 to 65534: make demo PORT=8100")
        for port in (self.port, self.port + 1):
            if not port_is_free(port):
                raise PartFailed(f"Port {port} is taken. Choose two free ones in a row with: make demo PORT=8100")

    def manage(self, *arguments):
        """Run one management command to its end, with the settings of these parts."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=self.env, cwd=settings.BASE_DIR)  # noqa: S603
        if done.returncode:
            raise PartFailed(f"manage.py {arguments[0]} ended with {done.returncode}; what it said stands above.")

    def start(self, *for_the_worker):
        """`for_the_worker` are options of `run_worker`. The sandbox is there first: a worker may ask it at once."""
        webhook = f"{self.url}/stripe/webhook/"
        state = f"{self.env['VAR_DIR']}/sandbox.json"
        sandbox = ["run_sandbox", "--port", str(self.port + 1), "--webhook", webhook, "--state", state]
        self._run("sandbox", [sys.executable, "manage.py", *sandbox])
        self._wait_for(f"{self.sandbox_url}/")
        self.start_newsroom(*for_the_worker)

    def start_newsroom(self, *for_the_worker):
        """Web and worker alone, for whoever brings a Stripe: STRIPE_API_BASE in `env` names it."""
        self._run("web", [*self._granian(), "--port", str(self.port), "cms.wsgi:application"])
        self._run("worker", [sys.executable, "manage.py", "run_worker", *for_the_worker])
        self._wait_for(f"{self.url}/readyz")

    def _granian(self):
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--no-access-log", "--log-level", "warning"]
        options += ["--blocking-threads", "4"]  # enough for a newsroom on a laptop
        return [sys.executable, "-m", "granian", *options]

    def _run(self, name, command):
        self.processes[name] = subprocess.Popen(  # noqa: S603
            command,
            env=self.env,
            cwd=settings.BASE_DIR,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop the parts in order
        )

    def _wait_for(self, url, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise PartFailed(f"{url} did not answer within {seconds} seconds. The lines above say why.")

    def check(self):
        """Raise `PartFailed` when one of the parts has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise PartFailed(f"The {name} {_how_it_ended(process.returncode)}. The lines above may say why.")

    def keep_up(self, say, now):
        """Start again what has ended, and `say` so. `now` counts seconds, as `time.monotonic` does.

        Raises `PartFailed` for a part that does not stay up: starting it for ever would hide what is wrong.
        """
        for name, process in list(self.processes.items()):
            if process.poll() is None:
                continue
            how = _how_it_ended(process.returncode)
            _end_what_is_left_of(process)
            self.ends[name] = [end for end in self.ends.get(name, []) if now - end < FOR_ENDS] + [now]
            if len(self.ends[name]) >= MOST_ENDS:
                raise PartFailed(
                    f"The {name} {how}. That was the {MOST_ENDS}rd time within {FOR_ENDS} seconds, so everything"
                    " is stopped. The lines above may say why."
                )
            say(f"The {name} {how}. It is started again.")
            self._run(name, process.args)

    def stop(self):
        """Ask the parts to end, the sandbox last so that nothing calls into the void; insist after some seconds."""
        for name in ("worker", "web", "sandbox"):
            process = self.processes.pop(name, None)
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=8)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
