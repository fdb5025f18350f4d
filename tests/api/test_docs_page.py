"""The API's page in a real Chromium, under the site's own policy: nothing is complained about."""

import os
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browsing import OVERFLOWING, Visitor, in_chromium
from tests.web.conftest import browser  # noqa: F401

pytestmark = in_chromium


@pytest.mark.parametrize("width", [390, 1000, 1440])
def test_it_is_shown_without_a_complaint(
    transactional_db: None,
    live_server: Any,
    browser: Browser,  # noqa: F811
    width: int,
) -> None:
    visitor = Visitor(browser.new_page(viewport={"width": width, "height": 900}))
    page = visitor.page
    answer = page.goto(f"{live_server.url}/api/docs/")
    assert answer
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    operation = page.locator("#create_generation")
    expect(operation.get_by_role("heading", name="Ask for a video")).to_be_visible()
    expect(operation.locator("pre").first).to_contain_text("curl")
    operation.get_by_text("Python", exact=True).click()
    expect(operation.get_by_text("import requests")).to_be_visible()
    expect(operation.get_by_text("curl http")).to_be_hidden()
    assert page.evaluate(OVERFLOWING) == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/docs-{width}.png")
        operation.scroll_into_view_if_needed()
        page.screenshot(path=f"{folder}/docs-{width}-operation.png")
        page.goto(f"{live_server.url}/problems/")
        page.screenshot(path=f"{folder}/problems-{width}.png")
    operation_link = page.goto(f"{live_server.url}/api/docs/#shape-Cost")
    assert operation_link is None or operation_link.ok
    assert visitor.complaints == []
    page.close()
