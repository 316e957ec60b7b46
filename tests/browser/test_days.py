"""A day of the journalist and the editor with a story that readers have already: corrected, scheduled, published, read."""

from datetime import datetime, timedelta

from .people import follow, sign_in

LIBRARY = "The library will open on Sundays again"
NOTE = "An earlier version named the wrong branch. It is the one on Anchor Street."


def find(page, headline):
    """The story's own page at the desk, found as its people find it."""
    page.goto(f"/admin/articles/article/?q={headline.split()[1]}")
    follow(page, headline)


def test_a_live_story_is_corrected_scheduled_and_its_versions_are_read(visitor):
    # The journalist changes a live story and says what readers will be told about it.
    ana = visitor()
    sign_in(ana, "journalist")
    find(ana, LIBRARY)
    ana.goto(ana.url.replace("/read/", "/change/"))
    ana.get_by_label("Standfirst").fill("The branch on Anchor Street opens first.")
    ana.get_by_label("Correction").check()
    ana.get_by_label("Note to readers").fill(NOTE)
    ana.get_by_role("button", name="Save and submit for review").click()
    ana.get_by_text("An editor reads it next").first.wait_for()

    # The editor reads words and note, approves them, and finds that tomorrow morning is too late after all.
    tomas = visitor()
    sign_in(tomas, "editor")
    find(tomas, LIBRARY)
    main = tomas.locator("main")
    assert NOTE in main.inner_text()
    tomas.get_by_role("button", name="Approve", exact=True).click()
    tomas.get_by_text("Nothing is public yet").first.wait_for()
    tomorrow = datetime.now() + timedelta(days=1)
    tomas.get_by_label("Goes public at").fill(f"{tomorrow:%Y-%m-%d}T06:00")
    tomas.get_by_role("button", name="Schedule", exact=True).click()
    tomas.get_by_text(f"“{LIBRARY}” goes public on").wait_for()
    find(tomas, LIBRARY)
    assert "6:00 a.m." in main.inner_text()
    assert NOTE not in visitor().goto("/corrections/").text()
    tomas.get_by_role("button", name="Unschedule").click()
    tomas.get_by_text("Off the schedule").first.wait_for()
    find(tomas, LIBRARY)
    tomas.get_by_role("button", name="Publish", exact=True).click()
    follow(tomas, "read it as they do")

    # The reader finds the correction on its list, on the page, and both versions with their difference.
    reader = visitor(width=360)  # with nothing kept of the page as it was
    reader.goto("/corrections/")
    assert NOTE in reader.locator("main").inner_text()
    follow(reader, LIBRARY)
    assert NOTE in reader.locator("main").inner_text()
    reader.goto(f"{reader.url}versions/")
    newest = reader.get_by_role("listitem").filter(has=reader.get_by_role("heading", name="Version 3: Correction"))
    assert "branch on Anchor Street opens first" in newest.inner_text()
    follow(reader, "Read version 2")
    assert "Anchor Street opens first" not in reader.locator("main").inner_text()
