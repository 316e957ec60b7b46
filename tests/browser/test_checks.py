"""The checklist follows what is typed; a preview link opens for somebody without a login, until it is revoked."""

from .people import follow, press, sign_in
from .test_access import LOOKS, UNDER_REVIEW, check


def test_the_checklist_follows_what_is_typed(visitor):
    page = visitor()
    sign_in(page, "journalist")
    page.goto("/admin/articles/article/add/")
    panel = page.locator("[data-checklist]")
    page.get_by_label("Headline", exact=True).fill("TK councillors voted")
    panel.get_by_text("Headline: done").wait_for()
    panel.get_by_text("“TK” stands in the headline: “TK councillors voted”.").wait_for()
    page.get_by_role("textbox", name="Text of the story").fill("The TK vote.")
    panel.get_by_text("paragraph 1: “The TK vote.”").wait_for()
    page.get_by_role("textbox", name="Text of the story").fill("The vote.")
    page.get_by_label("Headline", exact=True).fill("Nine councillors voted")
    panel.get_by_text("TK: done").wait_for()
    page.get_by_label("Headline", exact=True).fill("")
    panel.get_by_text("Headline: to do").wait_for()


@LOOKS
def test_a_preview_is_shared_read_and_revoked(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "editor")
    page.goto("/admin/")
    follow(page, UNDER_REVIEW)
    follow(page, "Waive a point, or record a legal check")
    check(page, page.url)
    page.goto(page.url.replace("/checks/", "/share/"))
    whom = f"the lawyer at {width}"
    page.get_by_label("For whom").fill(whom)
    press(page, "Make the link")
    link = page.get_by_label(f"Address for {whom}").input_value()
    path = "/preview/" + link.partition("/preview/")[2]
    check(page, page.url)
    stranger = visitor(width=width, dark=dark)
    check(stranger, path)
    assert whom in stranger.get_by_role("complementary", name="Preview").inner_text()
    assert stranger.context.cookies() == []
    page.locator("li", has_text=whom).get_by_role("button", name="Revoke").click()
    page.get_by_text(f"Revoked. The link for {whom} leads nowhere from now on.").wait_for()
    assert stranger.goto(path).status == 404
