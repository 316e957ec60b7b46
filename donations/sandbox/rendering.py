"""Small pages out of Django's templates, without the rest of Django: (status, content type, body, more headers)."""

from pathlib import Path
from urllib.parse import urlsplit

from django.template import Context, Engine

HERE = Path(__file__).resolve().parent
ENGINE = Engine(dirs=[str(HERE / "templates")], autoescape=True)
HTML = "text/html; charset=utf-8"


def page(name, context, *, status=200, form_action=""):
    """A page that asks no other host and runs no script; a form may be redirected to `form_action`'s origin."""
    body = ENGINE.get_template(name).render(Context(context)).encode()
    return status, HTML, body, _headers(form_action)


def _headers(form_action):
    parts = urlsplit(form_action)
    also = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    policy = (
        f"default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; form-action 'self'{also}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def see_other(url):
    return 303, HTML, b"", {"Location": url, "Cache-Control": "no-store"}


def plain(status, words):
    return status, "text/plain; charset=utf-8", words.encode(), {}
