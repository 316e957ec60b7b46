"""Pictures in the text, put there, changed and read again with the keyboard alone."""

from .conftest import violations
from .people import follow, sign_in, until

SHOWN = ".editor-figure"


def test_a_picture_is_put_into_the_text_by_keyboard_and_seen_in_the_preview(visitor):
    page = visitor()
    sign_in(page, "journalist")
    follow(page, "New story")
    page.get_by_label("Headline", exact=True).fill("What the gauge says")
    page.get_by_role("textbox", name="Text of the story").click()
    page.keyboard.type("The water rose.")

    page.get_by_role("button", name="Picture", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("tide gauge")
    choices = page.get_by_role("radiogroup", name="Pictures").get_by_role("radio")
    until(lambda: choices.count() == 1)
    assert violations(page) == []
    choices.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # past the list: to its words
    assert page.evaluate("document.activeElement.id") == "picture-alt"
    page.keyboard.press("Tab")
    page.keyboard.type("The gauge on Monday.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.keyboard.type("Nobody was hurt.")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Change it").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.type("A gauge in the harbor, the sea above its red mark.")
    page.get_by_role("button", name="Change it").focus()
    page.keyboard.press("Enter")
    assert "A gauge in the harbor" in page.locator(SHOWN).inner_text()
    page.keyboard.press("Alt+ArrowUp")
    page.locator(f".ProseMirror > {SHOWN}:first-child").wait_for()
    assert violations(page) == []

    page.get_by_role("button", name="Save and preview").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="What the gauge says").wait_for()
    picture = page.get_by_role("img", name="A gauge in the harbor, the sea above its red mark.")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.locator(".story-body").inner_text().split("\n\n") == [
        "The gauge on Monday. Illustration: Marit Halvorsen / The Merrow Bay Record",
        "The water rose.",
        "Nobody was hurt.",
    ]
