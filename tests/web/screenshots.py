"""Every page in docs/screenshots/: 1440 and 390 px wide, light and dark, with the sandbox's videos.

    uv run pytest tests/web/screenshots.py -n 0

Not part of the suite: it is named neither test_* nor *_test, and runs when it is asked for.
"""

import io
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from accounts.models import User
from generations import submission
from tests.conftest import Sandbox, caller_for
from tests.generations.conftest import work_until_done
from tests.web.browsing import Visit, come_as, in_chromium
from tests.web.conftest import Bought, Opened

pytestmark = in_chromium
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZES = {1440: 900, 390: 844}
QUALITY = 60
VIDEOS = (
    {"prompt": "A lighthouse at dusk, waves below", "duration": 6, "resolution": "1080p"},
    {"prompt": "Clouds drift over the hills", "duration": 4, "draft": True},
    {"prompt": "A paper boat drifts down a gutter", "duration": 3, "aspect_ratio": "9:16"},
    {"prompt": "Neon rain on an empty street", "duration": 5},
    {"prompt": "Steam over a cup, morning light", "duration": 2, "aspect_ratio": "1:1"},
    {"prompt": "A hot-air balloon over fields sandbox:failed", "duration": 3},
    {"prompt": "A train crosses a viaduct in the snow", "duration": 4, "resolution": "1080p"},
    {"prompt": "Ink drops spread in clear water", "duration": 3},
)
QUEUED = {"prompt": "Fog lifts from a harbour", "duration": 4}


@pytest.mark.timeout(3600)
def test_every_page(
    visit: Visit,
    alice: User,
    open_house: Opened,
    bought: Bought,
    sandbox: Sandbox,
) -> None:
    sandbox.settings(shared_render=False)  # each its own picture
    bought(50)
    caller = caller_for(alice)
    rows = [
        submission.accept(caller, model="p-video", input=dict(video), metadata={}).generation
        for video in VIDEOS
    ]
    work_until_done(120)
    queued = submission.accept(caller, model="p-video", input=QUEUED, metadata={}).generation
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        if not old.name.startswith("staff-"):  # made by tests/staff/screenshots.py
            old.unlink()
    visitor = visit()
    for person, found in groupby(open_house(rows[0], queued), lambda page: page.visitor):
        come_as(visitor, person)
        for page in found:
            take(visitor.page, page.name, page.path)
            visitor.forgive(f"status of {page.status}")


def take(page: Page, name: str, path: str) -> None:
    """The page's first screen in each size and scheme."""
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.goto(path)
            settle(page)
            shot = Image.open(io.BytesIO(page.screenshot()))
            shot.save(FOLDER / f"{name}-{width}-{scheme}.webp", quality=QUALITY, method=6)


def settle(page: Page) -> None:
    """Wait for pictures and posters."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
