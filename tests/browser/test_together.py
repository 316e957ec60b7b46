"""Two people at one story, and a tab that dies: nobody is surprised, and nothing that was typed is lost."""

import re

import pytest

from .conftest import violations
from .people import follow, sign_in

WORDS = "Eleven gulls on the breakwater."
EDITOR = '[role="textbox"][aria-label="Text of the story"]'


@pytest.fixture
def ana(visitor):
    page = visitor()
    sign_in(page, "journalist")
    return page


def test_what_was_typed_is_offered_after_the_tab_was_killed(ana):
    page = ana
    follow(page, "New story")
    page.get_by_label("Headline", exact=True).fill("Gulls, counted")
    page.locator(EDITOR).click()
    page.keyboard.type(WORDS)
    page.get_by_text("Kept for you at").wait_for()
    page.close(run_before_unload=False)

    page = page.context.new_page()
    page.goto("/admin/")
    page.get_by_role("region", name="Typed and not saved").get_by_role("link", name="Gulls, counted").click()
    page.get_by_text("You typed something that is not saved").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="Go on with it").click()
    page.locator(EDITOR, has_text=WORDS).wait_for()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.keyboard.press("Tab")  # a browser asks only where somebody has touched the page
    page.get_by_label("Standfirst").click()
    page.get_by_role("link", name="Stories", exact=True).last.click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as revision 1.").wait_for()
    page.goto("/admin/")
    typed = page.get_by_role("region", name="Typed and not saved")
    assert typed.get_by_role("link", name="Gulls, counted").count() == 0


def test_two_people_at_one_story_see_each_other_and_talk_beside_it(ana, visitor):
    follow(ana, "New story")
    ana.get_by_label("Headline", exact=True).fill("Terns, counted")
    ana.locator(EDITOR).click()
    ana.keyboard.type(WORDS)
    ana.get_by_role("button", name="Save", exact=True).click()
    ana.get_by_text("Saved as revision 1.").wait_for()

    tomas = visitor(width=360, dark=True)
    sign_in(tomas, "editor")
    tomas.goto(ana.url.replace("/change/", "/read/"))
    tomas.get_by_text(re.compile("^Ana Reyes has this open, saved")).wait_for()
    ana.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # does not wait for the next 20 seconds
    ana.get_by_text(re.compile("^Tomas Lindqvist has this open")).wait_for()

    tomas.get_by_text("Add a note").click()
    tomas.get_by_text(WORDS).select_text()
    quote = tomas.get_by_label("About these words")
    tomas.wait_for_function("document.querySelector('#id_quote').value !== ''")
    assert quote.input_value() == WORDS
    tomas.get_by_label("Note", exact=True).fill("Who counted them?")
    tomas.get_by_role("button", name="Add the note").click()
    tomas.get_by_text("The note is added.").wait_for()
    assert violations(tomas) == []

    ana.reload()
    ana.locator(EDITOR).click()
    ana.keyboard.type("Some ")
    ana.get_by_role("button", name=re.compile("^Resolve the note")).click()
    ana.get_by_text("The note is resolved.").wait_for()
    assert "Some " in ana.locator(EDITOR).inner_text()
    ana.get_by_role("button", name="Save", exact=True).click()
    ana.get_by_text("Saved as revision 2.").wait_for()
