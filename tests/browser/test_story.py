"""One whole story on the running parts: a draft, a second pair of eyes, a reader, a gift, the bar, the fundraiser."""

import re
import urllib.request

import pytest
from PIL import Image

from .people import follow, give, mails, press, sign_in, totals, until

HEADLINE = "The lighthouse keeper's last logbook"
READER, MONTHLY_GIVER = "ida@example.org", "jonas@example.org"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "IMG_2041.jpg"
    Image.new("RGB", (1600, 1067), (52, 86, 110)).save(path, "JPEG")
    return path


def write(page, photo):
    page.get_by_role("link", name="New story").first.click()
    page.get_by_label("Kicker").fill("Gull Point")
    page.get_by_label("Headline", exact=True).fill(HEADLINE)
    page.get_by_label("Standfirst").fill(
        "He wrote down the weather for thirty-one years. Then the light was automated."
    )
    text = page.get_by_role("textbox", name="Text of the story")
    text.click()
    page.keyboard.type("Every evening at six he wrote one line.")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Heading", exact=True).click()
    page.keyboard.type("What the lines say")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="List", exact=True).click()
    page.keyboard.type("Wind, in his own words")
    page.keyboard.press("Enter")
    page.keyboard.type("Ships, by name")
    page.get_by_label("Section").select_option("Coast")
    page.get_by_label("Harbor", exact=True).check()
    page.get_by_role("button", name="Add somebody").click()
    second = page.get_by_role("group", name="Byline, line 2")
    second.get_by_label("Author").select_option("Marit Halvorsen")
    second.get_by_label("Role").fill("photographs by")
    page.get_by_label("Upload a new picture").set_input_files(photo)
    page.locator("[name=lead_alt]").fill("An open logbook on a table by a window")
    page.locator("[name=lead_credit]").fill("Photo: Marit Halvorsen")


def test_from_a_draft_to_a_gift_and_its_refund(parts, visitor, photo):
    # The journalist writes, looks at the page as readers would see it, and submits. She cannot publish.
    ana = visitor()
    sign_in(ana, "journalist")
    write(ana, photo)
    press(ana, "Save and preview")
    assert ana.get_by_role("heading", level=1).inner_text() == HEADLINE
    ana.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
    assert ana.locator("#appeal").count() == 0
    preview_url = ana.url
    follow(ana, "Back to the story")
    ana.get_by_role("button", name="Save and submit for review").click()
    ana.get_by_text("An editor reads it next").first.wait_for()
    story_url = ana.url
    assert ana.get_by_role("button", name=re.compile("publish", re.I)).count() == 0

    # Nobody outside sees any of it.
    stranger = visitor()
    assert stranger.goto(preview_url).url.startswith(f"{parts.url}/admin/login/")
    assert HEADLINE not in stranger.goto("/").text()

    # The editor reads the difference, asks for a change, gets it, approves and publishes.
    tomas = visitor()
    sign_in(tomas, "editor")
    follow(tomas, HEADLINE)
    assert "Every evening at six he wrote one line." in tomas.locator("main").inner_text()
    tomas.get_by_label("Comment to the author").fill("What was his name?")
    tomas.get_by_role("button", name="Request changes").click()
    tomas.get_by_text("with your comment").wait_for()
    ana.goto("/admin/")
    assert "What was his name?" in ana.locator("main").inner_text()
    ana.goto(story_url)
    ana.get_by_label("Standfirst").fill("Aaron Pell wrote down the weather for thirty-one years.")
    ana.get_by_role("button", name="Save and submit for review").click()
    ana.get_by_text("An editor reads it next").first.wait_for()
    tomas.goto(story_url)
    tomas.get_by_role("button", name="Approve and publish").click()
    follow(tomas, "read it as they do")

    # The reader finds it on the front page, with its picture, byline and appeal, and asks no other host.
    reader, asked = visitor(width=360), []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto("/")
    follow(reader, HEADLINE)
    assert reader.get_by_role("heading", level=1).inner_text() == HEADLINE
    assert "Aaron Pell" in reader.locator("main").inner_text()
    assert "Ana Reyes" in reader.locator("main").inner_text()
    assert "photographs by Marit Halvorsen" in reader.locator("main").inner_text().replace("\n", " ")
    until(lambda: reader.reload() and reader.locator("figure img").count())  # the worker makes the renditions
    assert {url.split("/")[2] for url in asked} == {parts.url.split("/")[2]}
    assert reader.context.cookies() == []
    with urllib.request.urlopen(f"{parts.url}/feed/rss.xml", timeout=10) as feed:
        assert HEADLINE in feed.read().decode()

    # She gives $12.50 once; the bar moves, one receipt comes, and Stripe's word counts only once.
    before = totals(parts)
    reader.locator("#appeal").get_by_role("link", name=re.compile("once|support", re.I)).first.click()
    give(reader, amount="12.50", email=READER)
    assert "$12.50" in reader.locator("main").inner_text()
    assert READER not in reader.content()
    after = until(lambda: totals(parts)["raised"] > before["raised"] and totals(parts))
    assert (after["raised"], after["supporters"]) == (before["raised"] + 1250, before["supporters"] + 1)
    [receipt] = until(lambda: mails(parts, READER))
    assert "$12.50" in receipt.get_body(("plain",)).get_content()
    reader.reload()
    assert totals(parts)["raised"] == after["raised"]

    # Another reader gives monthly, and stops by the link in the receipt.
    jonas = visitor()
    jonas.goto("/donate/?frequency=monthly")
    assert "charged monthly until you stop" in jonas.locator("main").inner_text()
    give(jonas, amount="7", email=MONTHLY_GIVER, monthly=True)
    [receipt] = until(lambda: mails(parts, MONTHLY_GIVER))
    [link] = set(re.findall(rf"{re.escape(parts.url)}/giving/\S+/", receipt.get_body(("plain",)).get_content()))
    jonas.goto(link)
    jonas.get_by_role("button", name="Stop my monthly gift").click()
    jonas.get_by_role("heading", name="This monthly gift has been stopped").wait_for()
    raised = until(lambda: totals(parts)["raised"] == after["raised"] + 700 and totals(parts)["raised"])

    # The fundraiser finds the gift by e-mail, sees the story it came from, and gives part of it back.
    priya = visitor()
    sign_in(priya, "fundraiser")
    assert "New story" not in priya.locator("body").inner_text()
    assert priya.goto(story_url).status == 404
    priya.goto(f"/admin/donations/payment/?q={READER}")
    with priya.expect_navigation():
        priya.locator("#result_list tbody a").first.click()
    assert HEADLINE in priya.locator("main").inner_text()
    priya.locator(".deeds").get_by_role("link", name=re.compile("refund|back", re.I)).click()
    priya.get_by_label("Amount").fill("2.50")
    priya.get_by_label("Reason").fill("She gave twice by mistake")
    priya.locator("main form button[type=submit]").last.click()
    until(lambda: totals(parts)["raised"] == raised - 250)
    assert len(mails(parts, READER)) == 1

    # Journalists and editors see no donors.
    assert tomas.goto("/admin/donations/gift/").status == 404
    assert ana.goto("/admin/donations/payment/").status == 404
