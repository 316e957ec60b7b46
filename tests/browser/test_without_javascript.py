"""Reading and giving need no script."""

import pytest

from .people import CARD, follow, mails, totals, until


@pytest.fixture
def reader(visitor):
    return visitor(width=360, javascript=False)


def test_a_story_is_whole_and_leads_to_a_gift(reader, parts):
    reader.goto("/")
    follow(reader, "27 empty shops")
    assert len(reader.locator("main").inner_text()) > 2000
    assert reader.locator("#appeal progress").get_attribute("value")
    before = totals(parts)["raised"]
    with reader.expect_navigation():
        reader.locator("#appeal").get_by_role("link", name="Support our reporting").click()
    reader.get_by_text("Once", exact=True).click()
    reader.get_by_text("$25", exact=True).click()
    reader.get_by_label("Your e-mail address").fill("nojs@example.org")
    reader.get_by_role("button", name="Continue to payment").click()
    reader.get_by_label("Card number").fill(CARD)
    reader.get_by_label("Name", exact=True).fill("Nora Javits")
    reader.locator("form.pay button[type=submit]").click()
    reader.get_by_role("heading", name="Thank you").wait_for()
    assert "$25" in reader.locator("main").inner_text()
    until(lambda: totals(parts)["raised"] == before + 2500)
    assert until(lambda: mails(parts, "nojs@example.org"))


def test_a_mistyped_amount_is_told_and_nothing_else_is_lost(reader):
    reader.goto("/donate/")
    reader.get_by_label("Or your own amount").fill("1e3")
    reader.get_by_label("Your e-mail address").fill("nora@example.org")
    reader.get_by_label("Your name").fill("Nora Javits")
    with reader.expect_navigation() as answer:
        reader.get_by_role("button", name="Continue to payment").click()
    assert answer.value.status == 422
    assert "1e3" in reader.locator(".errors, .error").first.inner_text()
    assert reader.get_by_label("Your e-mail address").input_value() == "nora@example.org"
    assert reader.get_by_label("Or your own amount").input_value() == "1e3"
    assert reader.get_by_label("Your name").input_value() == "Nora Javits"


def test_a_declined_card_can_be_followed_by_another(reader, parts):
    before = totals(parts)["raised"]
    reader.goto("/donate/")
    reader.get_by_label("Or your own amount").fill("31")
    reader.get_by_label("Your e-mail address").fill("second-card@example.org")
    reader.get_by_role("button", name="Continue to payment").click()
    reader.get_by_label("Name", exact=True).fill("Nora Javits")
    for card in ("4000 0000 0000 0002", CARD):
        reader.get_by_label("Card number").fill(card)
        with reader.expect_navigation():
            reader.locator("form.pay button[type=submit]").click()
    reader.get_by_role("heading", name="Thank you").wait_for()
    until(lambda: totals(parts)["raised"] == before + 3100)
