"""What was typed and not stored stays before its writer's eyes: going back, leaving, signing out elsewhere."""

import pytest

from .people import follow, sign_in

WORDS = "Eleven gulls on the breakwater."
EDITOR, STORED = '[role="textbox"][aria-label="Text of the story"]', "textarea[name=body]"


@pytest.fixture
def writing(visitor):
    page = visitor()
    sign_in(page, "journalist")
    follow(page, "New story")
    page.get_by_role("textbox", name="Text of the story").click()
    page.keyboard.type(WORDS)
    page.get_by_label("Headline", exact=True).fill("Gulls")
    return page


def test_going_back_after_a_save_that_was_not_taken_shows_the_typed_words_in_the_editor(writing):
    page = writing
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("You signed in again").wait_for()
    assert WORDS in page.locator(".story-body").inner_text()
    page.go_back()
    page.locator(EDITOR).wait_for()
    page.wait_for_timeout(500)
    assert WORDS in page.locator(STORED).input_value()
    assert WORDS in page.locator(EDITOR).inner_text()


def test_after_signing_in_in_another_tab_the_words_are_sent_from_where_they_are(writing):
    page = writing
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    sign_in(opened.value, "journalist")
    page.get_by_role("button", name="Send it now").click()
    page.get_by_text("Saved as revision 1.").wait_for()
    assert WORDS in page.locator(EDITOR).inner_text()


def test_leaving_with_words_that_were_not_sent_is_asked_about_and_saving_them_is_not(writing):
    page, asked = writing, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Stories", exact=True).last.click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert WORDS in page.locator(EDITOR).inner_text()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as revision 1.").wait_for()
    page.get_by_role("link", name="Stories", exact=True).last.click()
    page.get_by_role("heading", name="Stories").wait_for()
    assert asked == ["beforeunload"]


def test_tab_leaves_the_text_from_within_a_list_too_and_pasted_cells_stay_apart(writing):
    page = writing
    text = page.get_by_role("textbox", name="Text of the story")
    paste = """(node, html) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/html", html);
        node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }"""
    text.press("End")
    text.press("Enter")
    text.evaluate(paste, "<table><tr><td>Gulls</td><td>Eleven</td></tr><tr><td>Terns</td><td>Two</td></tr></table>")
    assert text.locator("p").all_inner_texts() == [WORDS, "Gulls", "Eleven", "Terns", "Two"]
    page.get_by_role("button", name="List", exact=True).click()
    before = text.inner_html()
    for key in ("Tab", "Shift+Tab"):
        text.focus()
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.closest('.ProseMirror')") is None
    assert (text.inner_html(), text.locator("li").count()) == (before, 1)
