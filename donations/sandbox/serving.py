"""The HTTP of the sandbox: Stripe's API under /v1/, pages for people everywhere else."""

import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from . import api, pages
from .faults import Cut, on_the_line

logger = logging.getLogger(__name__)
LARGEST_BODY = 1024 * 1024


class Server(ThreadingHTTPServer):
    daemon_threads = True


def handler_for(sandbox):
    return type("Handler", (_Handler,), {"sandbox": sandbox})


class _Handler(BaseHTTPRequestHandler):
    sandbox = None
    protocol_version = "HTTP/1.1"
    server_version = "StripeSandbox"
    timeout = 30

    def do_GET(self):
        self._serve()

    do_POST = do_DELETE = do_HEAD = do_GET

    def _serve(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            return self._send(413, "text/plain", b"The request is larger than 1 MiB.", {})
        body = self.rfile.read(length).decode("utf-8", "replace")
        if not parts.path.startswith("/v1/"):
            return self._send(*pages.answer(self.sandbox, self.command, parts, body, self.headers))
        try:
            self._send(*self._answer(parts.path, body or parts.query))
        except (Cut, ConnectionError):  # ordered, or whoever asked waits no longer
            self.close_connection = True

    def _answer(self, path, text):
        account, verb = self.sandbox.account, self.command
        request = {"verb": verb, "path": path, "text": text, "headers": self.headers}
        try:
            status, answer, more = on_the_line(account, verb, path, lambda: api.answer(account, **request))
        except Cut:
            raise
        except Exception:
            logger.exception("The sandbox broke over %s %s.", self.command, path)
            broken = {"type": "api_error", "message": "The sandbox is broken; its log says why."}
            status, answer, more = 500, {"error": broken}, {}
        return status, "application/json", json.dumps(answer).encode(), more

    def _send(self, status, kind, body, more):
        self.close_connection = True  # no thread waits for a client that has finished
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        """Quiet: the control page shows what happened."""
