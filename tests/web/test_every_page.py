"""Every page as its users meet it: accessible, within its width, steady while it loads, light."""

import gzip
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from generations.models import State
from tests.web.browsing import (
    OVERFLOWING,
    SCHEMES,
    Scheme,
    Visit,
    Visitor,
    come_as,
    in_chromium,
    violations,
)
from tests.web.conftest import Bought, Make, Opened
from tests.web.films import film
from tests.web.pages import Page

MOST_BYTES = 150_000
SHIFTED = """async () => {
  const found = [];
  new PerformanceObserver((list) => found.push(...list.getEntries()))
    .observe({type: "layout-shift", buffered: true});
  await document.fonts.ready;
  const until = performance.getEntriesByType("navigation")[0].loadEventEnd + 120;
  let frames = 0;
  do await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  while (++frames < 2 || performance.now() < until || document.querySelector(".htmx-request"));
  const node = ({node, previousRect: {x, y, height}, currentRect: now}) =>
    `${[x, y, height]} to ${[now.x, now.y, now.height]}: ${node?.outerHTML?.slice(0, 120)}`;
  return found.filter((entry) => !entry.hadRecentInput && entry.value >= 0.0005)
    .map((entry) => [entry.value, ...entry.sources.map(node)]);
}"""
LONG = {
    "/api/docs/": [
        ".docs__nav details:nth-of-type(n + 3)",
        "section:nth-of-type(n + 3)",
        ".docs__operation ~ .docs__operation",
        ".docs__shape:nth-of-type(n + 4)",
    ],
    "/problems/": ["tbody tr:nth-child(n + 4)"],
}
"""Of pages that repeat themselves hundreds of times, what axe need not see again."""
SIZES: tuple[tuple[int, Scheme], ...] = ((390, "dark"), (1440, "light"))
GROUPS = 4
"""The pages are dealt to as many tests, which run side by side."""


@pytest.fixture
def every_page(open_house: Opened, make: Make, bought: Bought) -> list[Page]:
    bought()
    shown = make("A lighthouse at dusk, waves below")
    film(shown)
    make("Clouds drift over the hills", state=State.PROCESSING)
    make("A paper boat", state=State.FAILED)
    return open_house(shown, make("Neon rain", state=State.QUEUED))


def look(visitor: Visitor, page: Page, *, whole: bool) -> Iterator[str]:
    """What is wrong with a page, on a telephone in the dark and on a desk in the light.

    Args:
        whole: with the frame that all pages have.
    """
    shown, address = visitor.page, f"{page.name} at {page.path}"
    long = LONG.get(page.path, [])
    for width, scheme in SIZES:
        shown.set_viewport_size({"width": width, "height": 900})
        shown.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        answer = shown.goto(page.path)
        assert answer
        if answer.status != page.status:
            yield f"{address}: {answer.status}"
        frame = [] if whole else [".sidebar", ".topbar", ".site-header", ".site-footer"]
        for line in violations(shown, SCHEMES[scheme], leaving_out=long + frame):
            yield f"{page.name}, {scheme}: {line}"
        if shifted := shown.evaluate(SHIFTED):
            yield f"{address}, {width} wide: moves while it loads: {shifted}"
        if wide := shown.evaluate(OVERFLOWING):
            yield f"{address}, {width} wide: too wide: {wide}"
    shown.set_viewport_size({"width": 2560, "height": 1200})
    if wide := shown.evaluate(OVERFLOWING):
        yield f"{address}, 2560 wide: too wide: {wide}"
    if not re.fullmatch(r".+ · PVideo", shown.title()):
        yield f"{address}: titled {shown.title()!r}"
    if page.status != 200:
        visitor.forgive(f"status of {page.status}")
    yield from visitor.complaints
    visitor.complaints.clear()


class TestInChromium:
    pytestmark = in_chromium

    @pytest.mark.parametrize("group", range(GROUPS))
    def test_every_page(self, visit: Visit, every_page: list[Page], group: int) -> None:
        visitor = visit()
        found: list[str] = []
        for person, pages in groupby(every_page[group::GROUPS], lambda page: page.visitor):
            come_as(visitor, person)
            for number, page in enumerate(pages):
                found += look(visitor, page, whole=number == 0)
        assert found == []

    def test_what_is_wrong_is_found(self, visit: Visit, open_house: Opened) -> None:
        visitor = visit()
        found = "\n".join(look(visitor, Page("bad", "/errors/badly-made", Client()), whole=True))
        for fault in ("label", "dark: ", "color-contrast", "moves", "1440 wide", "titled 'Bad'"):
            assert fault in found


@pytest.mark.django_db
def test_every_page_is_there_and_light(every_page: list[Page]) -> None:
    found = [(page, _answer(page)) for page in every_page]
    statuses = {page.name: status for page, (status, _) in found}
    assert statuses == {page.name: page.status for page in every_page}
    assert len(statuses) == len(every_page)
    loads = {page.name: (content, loaded(content)) for page, (_, content) in found}
    weights = {name: weight(content, files) for name, (content, files) in loads.items()}
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ > MOST_BYTES} == {}
    unknown = {name: unstyled(content, files) for name, (content, files) in loads.items()}
    assert {name: classes for name, classes in unknown.items() if classes} == {}


def _answer(page: Page) -> tuple[int, bytes]:
    page.visitor.raise_request_exception = False
    answer = page.visitor.get(page.path)
    return answer.status_code, answer.content


def loaded(page: bytes) -> dict[str, bytes]:
    """A page's style sheets, modules, font and icons by their names."""
    files: dict[str, bytes] = {}
    waiting = re.findall(r'(?:href|src)="/static/([^"#]+)', page.decode())
    while waiting:
        name = waiting.pop()
        if name in files or name.endswith((".jpg", ".mp4")):
            continue
        files[name] = content = Path(str(finders.find(name))).read_bytes()
        if name.endswith(".js"):
            imported = re.findall(rb'from "\./([\w.-]+)"', content)
            waiting += [f"{name.rpartition('/')[0]}/{one.decode()}" for one in imported]
    return files


def weight(page: bytes, files: dict[str, bytes]) -> int:
    """Bytes of a page as they come compressed, with what it loads."""
    return len(gzip.compress(page, 6)) + sum(
        len(content) if name.endswith(".woff2") else len(gzip.compress(content, 6))
        for name, content in files.items()
    )


def unstyled(page: bytes, files: dict[str, bytes]) -> set[str]:
    """Classes on a page, variants aside, that nothing which it loads knows: a style sheet was
    forgotten."""
    used = {
        one for found in re.findall(r' class="([^"]*)"', page.decode()) for one in found.split()
    }
    naming = {".css": rb"\.([a-z][\w-]*)", ".js": rb"([a-z][\w-]*)"}
    known = {
        found.decode().partition("--")[0]
        for name, content in files.items()
        for found in re.findall(naming.get(Path(name).suffix, rb"(?!)()"), content)
    }
    return {name for name in used if "--" not in name} - known
