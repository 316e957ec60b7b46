"""What people do in front of the browser, so that the tests read as their day."""

import json
import time
import urllib.request
from email import message_from_bytes, policy

CARD = "4242 4242 4242 4242"


def sign_in(page, username):
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("demo")
    press(page, "Sign in")


def press(page, name, **more):
    """A button that sends a form: pressed, and waited for until the page that answers is there."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, **more).click()


def follow(page, name):
    """The first link of that name, and the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("link", name=name).first.click()


def give(page, *, amount, email, monthly=False, card=CARD, name="Ida Brandt"):
    """From the gift form to the thank-you page, by the hosted payment page."""
    page.get_by_label("Every month" if monthly else "Once", exact=True).check()
    page.get_by_label("Or your own amount").fill(amount)
    page.get_by_label("Your e-mail address").fill(email)
    page.locator("[data-gift-form] button[type=submit]").click()
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("form.pay button[type=submit]").click()
    page.get_by_role("heading", name="Thank you").wait_for()


def totals(parts):
    """The campaign's public figures, as anybody may read them."""
    with urllib.request.urlopen(f"{parts.url}/campaigns/publishing-costs.json", timeout=10) as answer:
        return json.load(answer)


def mails(parts, to):
    """The mails that were sent to `to`, oldest first."""
    files = sorted((parts.folder / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime)
    found = []
    for path in files:
        for raw in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
            message = message_from_bytes(raw, policy=policy.default)
            if message["To"] == to:
                found.append(message)
    return found


def until(ask, seconds=60):
    """The first true answer of `ask`; what the worker and Stripe do takes a moment."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"Still not so after {seconds} seconds: {ask.__qualname__}")
