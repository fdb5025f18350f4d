"""What the browser tests share: Chromium, a visitor whose console must stay quiet, and axe."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Page

from accounts.models import User
from tests.generations.conftest import work_until_done

type Scheme = Literal["light", "dark"]
CHROMIUM = Path("/usr/bin/chromium")
in_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]
"""`pytestmark` of a module whose tests drive a browser."""

# Not wait_for_function: it needs eval, which the policy forbids.
PLAY = """async (video) => {
  video.muted = true;
  await video.play();
  await new Promise((done) => {
    video.ontimeupdate = () => { if (video.currentTime > 0.2) done(); };
  });
  return video.duration;
}"""
OVERFLOWING = """[document.documentElement, ...document.querySelectorAll('main > *, table')]
  .filter((element) => element.scrollWidth > element.parentElement?.clientWidth + 1
    || element.scrollWidth > innerWidth)
  .map((element) => element.outerHTML.slice(0, 80))"""
WIDTHS = (390, 1000, 2560)
# A change of scheme takes a frame for each level of the page while transitions are 1 ms long.
_SETTLED = """async () => {
  for (let quiet = 0; quiet < 5; quiet++) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
    if (document.getAnimations().some((one) => one instanceof CSSTransition)) quiet = 0;
  }
}"""
_AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text() + "; undefined"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe's that can find anything else in another scheme."""
SCHEMES: dict[Scheme, Sequence[str]] = {"light": RULES, "dark": COLOURS}


class Visitor:
    """A page at the live server that keeps what the console complains about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def forgive(self, part: str) -> None:
        """Chromium notes answers that are no success by itself: strike those with `part`."""
        self.complaints = [text for text in self.complaints if part not in text]


def inaccessible(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands, light and dark: a line for each.

    All its rules in light; in dark those about colours, which is all that is different there.
    """
    found = []
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(_SETTLED)
        found += [f"{scheme} {line}" for line in violations(page, rules)]
    return found


def violations(page: Page, rules: Sequence[str], *, leaving_out: Sequence[str] = ()) -> list[str]:
    """What axe-core finds in the scheme that the page is in: a line for each.

    Args:
        leaving_out: selectors of what it shall not look at.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    report = page.evaluate(
        """([runOnly, exclude]) => axe.run({include: [["html"]], exclude},
          {runOnly, resultTypes: ["violations"], preload: false})""",
        [list(rules), [[selector] for selector in leaving_out]],
    )
    return [
        f"{page.url} {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in report["violations"]
        for node in violation["nodes"]
    ]


def come_as(visitor: Visitor, client: Client) -> None:
    """Go on in the browser with what the client has been given so far."""
    visitor.page.context.clear_cookies()
    visitor.page.context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": settings.PUBLIC_BASE_URL}
            for name, morsel in client.cookies.items()
        ]
    )


def session_cookie(site: str, user: User) -> Any:
    """What a logged-in browser sends."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}


def work_elsewhere() -> threading.Thread:
    """The workers' part, while the browser looks on."""

    def work() -> None:
        try:
            work_until_done(30)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


Visit = Callable[..., Visitor]
