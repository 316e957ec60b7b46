"""A giver's life: gives monthly, is charged, has a card that fails, uses another, changes, pauses, goes on, stops, leaves.

With scripts and without, for nothing that a giver may do needs them. axe is one, and looks where scripts may run.
"""

import json
import re
import urllib.request
from datetime import date, timedelta

import pytest

from .conftest import violations
from .people import CARD, follow, give, mails, press, until

CARD_THAT_FAILS_LATER = "4000 0000 0000 0341"


def stripe(parts, path):
    """What the sandbox answers the newsroom's own key."""
    key = {"Authorization": f"Bearer {parts.env['STRIPE_SECRET_KEY']}"}
    asked = urllib.request.Request(f"{parts.sandbox_url}/v1/{path}", headers=key)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def subscription_of(parts, email):
    customer = next(row for row in stripe(parts, "customers?limit=100")["data"] if row["email"] == email)
    return stripe(parts, f"subscriptions?customer={customer['id']}")["data"][0]["id"]


def mail_of(parts, ida, subject):
    """The newest mail to Ida with these words in its subject, once it has come."""
    found = until(lambda: [mail for mail in mails(parts, ida) if subject in mail["Subject"]])
    return found[-1].get_body(("plain",)).get_content()


def link_in(text, part):
    """The address in a mail that has these words in it, whatever the line breaks."""
    return next(address for address in re.findall(r"https?://\S+", text) if part in address)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_a_giver_gives_monthly_uses_another_card_changes_pauses_stops_and_leaves(parts, visitor, javascript):
    ida = f"ida.{'with' if javascript else 'without'}@example.org"
    page = visitor(width=360, dark=True, javascript=javascript)
    page.goto("/donate/?campaign=publishing-costs&frequency=monthly")
    give(page, amount="15", email=ida, monthly=True, card=CARD_THAT_FAILS_LATER)
    mail_of(parts, ida, "Thank you for your monthly gift of $15.00")

    # The second month's charge fails. The mail leads to a page that leads to Stripe's, and the new card is charged.
    subscription = subscription_of(parts, ida)
    page.request.post(f"{parts.sandbox_url}/do/next-month/{subscription}")
    page.goto(link_in(mail_of(parts, ida, "did not come through"), "/giving/"))
    assert "The last charge did not come through" in page.locator("main").inner_text()
    assert not javascript or violations(page) == []
    press(page, "Use another card")
    page.get_by_label("Card number").fill(CARD)
    press(page, "Make it my default")
    page.get_by_text("Your new card was charged $15.00").wait_for()
    mail_of(parts, ida, "Receipt for this month’s gift of $15.00")

    # Their own page, by a mailed link.
    page.goto("/giving/")
    page.get_by_label("Your e-mail address").fill(ida)
    press(page, "Mail me the link")
    page.goto(link_in(mail_of(parts, ida, "Your page at"), "/giving/in/"))
    press(page, "Open my page")
    assert "So far you have given $30.00" in page.locator("main").inner_text()

    follow(page, "Change the amount")
    page.get_by_label("Amount a month").fill("0.10")
    press(page, "Change the amount")
    assert "The smallest gift is" in page.locator("main").inner_text()
    assert not javascript or violations(page) == []
    page.get_by_label("Amount a month").fill("20")
    press(page, "Change the amount")
    page.get_by_text("Your gift is $20.00 a month").wait_for()
    follow(page, "To my gifts")

    follow(page, "Pause it")
    assert not javascript or violations(page) == []
    page.get_by_label("Last day of the pause").fill((date.today() + timedelta(days=70)).isoformat())
    press(page, "Pause my gift")
    page.get_by_text("Nothing is charged until").wait_for()
    follow(page, "To my gifts")
    follow(page, "Let it go on now")
    press(page, "Go on with my gift")
    page.get_by_text("Thank you for coming back").wait_for()

    # The next month is charged to the new card, by the new amount.
    page.request.post(f"{parts.sandbox_url}/do/next-month/{subscription}")
    until(lambda: "$50.00" in visit(page, "/giving/"))
    statement = page.request.get(page.get_by_role("link", name="Statement of").first.get_attribute("href"))
    assert statement.body().startswith(b"%PDF")

    follow(page, "Stop it")
    assert not javascript or violations(page) == []
    page.get_by_label("Why, if you like").fill("I am moving abroad.")
    press(page, "Stop my monthly gift")
    page.get_by_text("Your gift has been stopped").wait_for()
    assert stripe(parts, f"subscriptions/{subscription}")["status"] == "canceled"
    told = [mail["Subject"] for mail in until(lambda: mails(parts, ida) if stopped(parts, ida) else None)]
    for words in ("did not come through", "has changed", "is paused", "goes on", "has been stopped"):
        assert sum(words in subject for subject in told) == 1, told

    page.goto("/giving/erase/")
    page.get_by_label("Remove me. I know that it cannot be undone").check()
    press(page, "Remove me")
    page.get_by_role("heading", name="You are removed").wait_for()
    assert "Your gifts" in visit(page, "/giving/")
    assert ida not in page.content()


def stopped(parts, ida):
    return any("has been stopped" in mail["Subject"] for mail in mails(parts, ida))


def visit(page, address):
    page.goto(address)
    return page.locator("main").inner_text()
