"""A page that was kept for a while says what the server says now."""

import re

from playwright.sync_api import expect


def test_a_kept_bar_is_replaced_by_what_the_server_prints_now(visitor):
    reader = visitor(width=360)
    reader.goto("/campaigns/publishing-costs/")
    printed = reader.locator(".bar").inner_text()
    assert "% of the goal" in printed

    def as_kept(route):
        html = route.fetch().text()
        html = re.sub(r"<strong>[^<]+</strong> raised", "<strong>$1</strong> raised", html)
        html = re.sub(r"[0-9]+% of the goal", "0%: the goal is reached", html)
        route.fulfill(body=html, content_type="text/html")

    reader.route(re.compile(r"/campaigns/publishing-costs/$"), as_kept)
    with reader.expect_response(re.compile(r"/campaigns/publishing-costs/bar/$")):
        reader.goto("/campaigns/publishing-costs/")
    expect(reader.locator(".bar")).to_have_text(printed, use_inner_text=True)
