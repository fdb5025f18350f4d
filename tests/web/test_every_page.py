"""Every page as its users meet it: accessible, within its width, steady while it loads, light."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route

from accounts.models import Organization, User
from generations.models import State
from tests.web import pages
from tests.web.browsing import OVERFLOWING, Visit, Visitor, in_chromium, inaccessible
from tests.web.conftest import Make
from tests.web.pages import Things

pytestmark = in_chromium
MOST_BYTES = 150_000
SHIFTED = """() => new Promise((done) => {
  new PerformanceObserver((list) => {
    done(list.getEntries().filter((entry) => entry.value >= 0.0005).map((entry) => [entry.value,
      ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120))]));
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done([]), 250);
})"""
GROUPS = 4
"""The pages are dealt to as many tests, which run side by side."""


@pytest.fixture
def furnished(
    alice: User, acme: Organization, make: Make, give_credits: Callable[..., None]
) -> Things:
    give_credits(acme)
    shown = make("A lighthouse at dusk, waves below")
    make("Clouds drift over the hills", state=State.PROCESSING)
    make("A paper boat", state=State.FAILED)
    return pages.furnish(alice, acme, shown)


def look(visitor: Visitor, path: str) -> list[str]:
    """What is wrong with a page."""
    page = visitor.page
    wrong: list[str] = []
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path, wait_until="load")
        page.locator("h1").first.wait_for(state="attached")
        if shifted := page.evaluate(SHIFTED):
            wrong.append(f"{path} at {width}: moves while it loads: {shifted}")
        if wide := page.evaluate(OVERFLOWING):
            wrong.append(f"{path} at {width}: too wide: {wide}")
    if not re.fullmatch(r".+ · PVideo", page.title()):
        wrong.append(f"{path}: titled {page.title()!r}")
    return wrong + inaccessible(page)


def without_media(page: Page) -> None:
    """The rows have no files behind them: a poster is a pixel here."""

    def pixel(route: Route) -> None:
        route.fulfill(
            status=200,
            content_type="image/svg+xml",
            body="<svg xmlns='http://www.w3.org/2000/svg'/>",
        )

    page.route(re.compile(r"//[^/]+/media/"), pixel)


@pytest.mark.parametrize("group", range(GROUPS))
def test_of_an_owner(visit: Visit, alice: User, furnished: Things, group: int) -> None:
    visitor = visit(alice)
    without_media(visitor.page)
    paths = list(pages.of_owner(furnished).values())[group::GROUPS]
    assert [line for path in paths for line in look(visitor, path)] == []
    visitor.forgive("404")


def test_of_a_stranger(visit: Visit) -> None:
    visitor = visit()
    assert [line for path in pages.OPEN.values() for line in look(visitor, path)] == []
    visitor.forgive("404")


def test_every_page_is_there_and_light(furnished: Things, as_alice: Client) -> None:
    found = {name: as_alice.get(path) for name, path in pages.of_owner(furnished).items()}
    statuses = {name: answer.status_code for name, answer in found.items()}
    assert {name: status for name, status in statuses.items() if status != 200} == {
        "not-found-signed-in": 404,
        "account-delete": 302,  # the password is asked for first
    }
    weights = {name: weight(answer.content) for name, answer in found.items()}
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ > MOST_BYTES} == {}


def weight(page: bytes) -> int:
    """Bytes of a page as they come compressed, with its style sheets, modules, font and icons."""
    loaded: set[str] = set()
    waiting = re.findall(r'(?:href|src)="/static/([^"#]+)', page.decode())
    total = len(gzip.compress(page, 6))
    while waiting:
        name = waiting.pop()
        if name in loaded or name.endswith((".jpg", ".mp4")):
            continue
        loaded.add(name)
        path = Path(str(finders.find(name)))
        content = path.read_bytes()
        if path.suffix == ".js":
            imported = re.findall(rb'from "\./([\w.-]+)"', content)
            waiting += [f"{name.rpartition('/')[0]}/{one.decode()}" for one in imported]
        total += len(content) if path.suffix == ".woff2" else len(gzip.compress(content, 6))
    return total
