"""The gallery, a generation's page and sharing in a real Chromium."""

import re
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Organization, User
from generations.models import Generation, State
from tests.web.browsing import OVERFLOWING, Visit, Visitor, in_chromium, inaccessible
from tests.web.conftest import Make, move
from tests.web.films import film, video_bytes

pytestmark = in_chromium

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput || entry.value < 0.0005) continue; // less than a pixel
    if (entry.sources.some((one) => one.node?.closest?.("main"))) {
      const nodes = entry.sources.map((one) => one.node?.outerHTML?.slice(0, 80));
      window.shifts.push([entry.value, ...nodes]);
    }
  }
}).observe({ type: "layout-shift", buffered: true });
"""
PLAYING = """() => [...document.querySelectorAll(".tile video")]
  .filter((video) => !video.paused && video.currentTime > 0).length"""


@pytest.fixture
def visitor(
    visit: Visit, bob: User, acme: Organization, give_credits: Callable[..., None]
) -> Visitor:
    """Bob, logged in, with $50."""
    give_credits(acme)
    found = visit(bob)
    found.page.add_init_script(SHIFTS)
    return found


def shifts(page: Page) -> list[object]:
    """What moved by itself since the page was loaded."""
    found: list[object] = page.evaluate("window.shifts")
    return found


def titles(page: Page) -> list[str]:
    return page.locator(".tile__title").all_inner_texts()


def test_scrolling_leafing_through_and_coming_back(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    rows = [make(f"Video {number}") for number in range(60)]
    film(*rows)
    page.goto("/gallery/")
    page.wait_for_load_state("networkidle")
    for count in (24, 48, 60):
        expect(page.locator(".tile")).to_have_count(count)
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator(f"#card-{rows[7].pk}")
    last.scroll_into_view_if_needed()
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/gallery/\?before=[0-9a-f-]{36}$"))
    page.wait_for_timeout(400)  # the address follows when the scrolling rests
    address = page.url
    assert shifts(page) == []

    top = last.bounding_box()
    page.get_by_role("link", name="Video 7", exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Video 7")
    page.wait_for_load_state("networkidle")
    assert shifts(page) == []
    page.keyboard.press("ArrowRight")
    expect(heading).to_have_text("Video 6")
    page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text("Video 7")
    page.locator("video#player").focus()
    page.keyboard.press("ArrowRight")  # the player's own
    expect(heading).to_have_text("Video 7")
    page.locator("video#player").blur()
    page.keyboard.press("Escape")
    expect(page).to_have_url(address)
    expect(last).to_be_in_viewport()
    now = last.bounding_box()
    assert top
    assert now
    assert now["y"] == pytest.approx(top["y"], abs=40)


def test_filters_are_addresses(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    make("A red fox")
    make("An arctic fox", state=State.FAILED)
    make("A cat")
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=b""))
    page.goto("/gallery/")
    search = page.get_by_role("searchbox", name="Search prompts and scripts")
    search.press_sequentially("fox", delay=20)
    expect(page).to_have_url(re.compile(r"/gallery/\?q=fox$"))
    expect(page.locator(".tile")).to_have_count(2)
    expect(search).to_be_focused()
    page.get_by_label("State").select_option("Failed")
    expect(page).to_have_url(re.compile(r"/gallery/\?q=fox&state=failed$"))
    assert titles(page) == ["An arctic fox"]

    page.go_back()
    expect(page).to_have_url(re.compile(r"/gallery/\?q=fox$"))
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.get_by_label("State")).to_have_value("")
    page.go_back()
    expect(page.locator(".tile")).to_have_count(3)
    expect(search).to_have_value("")
    page.go_forward()
    expect(page.locator(".tile")).to_have_count(2)

    page.reload()
    expect(search).to_have_value("fox")
    page.get_by_role("link", name="“fox” Remove this filter").click()
    expect(page.locator(".tile")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"/gallery/$"))
    search.fill("zebra")
    page.get_by_role("main").get_by_role("link", name="Clear filters").last.click()
    expect(page.locator(".tile")).to_have_count(3)
    page.wait_for_load_state()  # another page: its scripts come after its cards

    page.get_by_text("Any time").click()
    page.get_by_label("From").fill("2026-01-01")
    expect(page).to_have_url(re.compile(r"\?from=2026-01-01&zone=[A-Za-z%]+"))
    expect(page.locator("#days")).to_have_text("Since 1 Jan 2026")
    page.get_by_label("To").fill("2025-01-01")
    expect(page.get_by_role("alert")).to_have_text("To: This is before the first day.")
    visitor.forgive("422")


def test_what_is_pointed_at_plays(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    one, two = make("One"), make("Two")
    film(one, two)
    page.emulate_media(reduced_motion="no-preference")
    page.goto("/gallery/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert not [url for url in asked if "preview" in url]
    for row in (one, two):
        page.locator(f"#card-{row.pk} .tile").hover()
        expect(page.locator(f"#card-{row.pk} video.is-playing")).to_have_count(1)
        expect(page.locator(".tile video")).to_have_count(1)
    page.get_by_role("heading", name="Gallery").hover()
    expect(page.locator(".tile video")).to_have_count(0)
    page.get_by_role("link", name="One").focus()
    expect(page.locator(f"#card-{one.pk} video.is-playing")).to_have_count(1)
    page.get_by_role("link", name="New video").focus()
    page.emulate_media(reduced_motion="reduce")
    page.locator(f"#card-{two.pk} .tile").hover()
    page.wait_for_timeout(400)
    expect(page.locator(".tile video")).to_have_count(0)
    assert shifts(page) == []


def test_several_are_downloaded_and_deleted(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    rows = [make(f"Video {number}") for number in range(6)]
    film(*rows)
    page.goto("/gallery/")
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select: Video 5").check(force=True)
    page.get_by_role("checkbox", name="Select: Video 3").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected")
    with page.expect_download() as download:
        bar.get_by_role("button", name="Download").click()
    archive = zipfile.ZipFile(download.value.path())
    assert re.fullmatch(r"pvideo-[0-9-]{10}-3-videos\.zip", download.value.suggested_filename)
    assert [re.sub(r"^[0-9-]{11}|-[0-9a-f]{8}\.mp4$", "", name) for name in archive.namelist()] == [
        "video-5",
        "video-4",
        "video-3",
    ]
    assert archive.read(archive.namelist()[0]) == video_bytes()

    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select: Video 0").check(force=True)
    bar.get_by_role("button", name="Select all shown").click()
    expect(bar).to_contain_text("6 selected")
    page.get_by_role("checkbox", name="Select: Video 2").uncheck()
    assert inaccessible(page) == []
    bar.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete these videos?")
    assert inaccessible(page) == []
    question.get_by_role("link", name="Keep them").click()
    expect(question).to_be_hidden()
    expect(bar).to_contain_text("5 selected")
    bar.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete 5 videos").click()
    expect(page.locator(".tile")).to_have_count(1)
    assert Generation.objects.filter(deleted_at__isnull=False).count() == 5
    assert inaccessible(page) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(6)


def test_sharing_and_revoking(visitor: Visitor, visit: Visit, make: Make) -> None:
    page = visitor.page
    row = make("A red fox")
    film(row)
    page.goto(f"/gallery/{row.pk}/")
    page.get_by_role("button", name="Share").click()
    panel = page.get_by_role("dialog", name="Share this video")
    panel.get_by_role("button", name="Create a link").click()
    link = panel.get_by_label("Link to share")
    expect(link).to_have_value(re.compile("/share/"))
    expect(page.get_by_text("Anyone with the link can watch this video now.")).to_be_visible()
    assert inaccessible(page) == []

    stranger = visit(None, viewport={"width": 390, "height": 844})
    stranger.page.goto(link.input_value())
    expect(stranger.page.get_by_role("heading")).to_have_text("A video made with P-Video")
    width = stranger.page.locator("video").evaluate(
        """(video) => new Promise((done) => {
          if (video.videoWidth) done(video.videoWidth);
          video.onloadedmetadata = () => done(video.videoWidth);
        })"""
    )
    assert width == 320

    panel.get_by_label("Show the prompt").check()
    expect(page.get_by_text("The shared page shows the prompt now.")).to_be_visible()
    stranger.page.reload()
    expect(stranger.page.get_by_role("heading")).to_have_text("A red fox")

    panel.get_by_role("button", name="Revoke the link").click()
    expect(panel.get_by_role("button", name="Create a link")).to_be_visible()
    stranger.page.reload()
    expect(stranger.page.get_by_role("heading")).to_have_text("This video is not shared")
    stranger.forgive("404")


def test_long_words_errors_and_filters_on_a_telephone(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    row = make("Supercalifragilistic" * 8, image="https://example.com/" + "a" * 300)
    film(row)
    make(state=State.PROCESSING)
    failed = make(state=State.FAILED)
    Generation.objects.filter(pk=failed.pk).update(error="The prompt was refused. " * 8)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (f"{row.pk}/", f"delete?pick={row.pk.hex}", "?q=zebra", ""):
        page.goto(f"/gallery/{path}")
        assert page.evaluate(OVERFLOWING) == [], path
    page.get_by_role("button", name="Filters").click()
    assert inaccessible(page) == []
    page.get_by_label("State").select_option("Failed")
    page.get_by_role("button", name="Show videos").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("link", name="A cat").click()
    expect(page.get_by_role("alert")).to_contain_text("The prompt was refused.")
    assert page.evaluate(OVERFLOWING) == []
    assert inaccessible(page) == []


def test_new_videos_and_new_states_arrive(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    row = make("On its way", state=State.PROCESSING)
    page.goto("/gallery/")
    page.locator(f"#card-{row.pk} input[name=pick]").check(force=True)
    move(row, State.COMPLETED, media=True)
    film(row)
    expect(page.locator(f"#card-{row.pk} img")).to_be_visible(timeout=10_000)
    expect(page.locator("#selection")).to_contain_text("1 selected")
    make("Made elsewhere", state=State.FAILED)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("link", name="1 new video")).to_be_visible()
    assert shifts(page) == []
    page.get_by_role("link", name="1 new video").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_cards_follow_along_and_go_quiet(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    rows = [make(f"Video {number}", state=State.QUEUED) for number in range(26)]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/gallery/")
    page.get_by_text("Video 2", exact=True).scroll_into_view_if_needed()
    expect(page.locator(".tile")).to_have_count(26)

    move(rows[0], State.FAILED)  # on the second page
    move(rows[-1], State.CANCELED)
    expect(page.locator(f"#card-{rows[0].pk}")).to_contain_text("Failed", timeout=6000)
    expect(page.locator(f"#card-{rows[-1].pk}")).to_contain_text("Canceled")
    expect(page.locator("#balance")).to_contain_text("$2.40 held")

    for row in rows[1:-1]:
        move(row, State.ERROR)
    expect(page.locator(".badge--error")).to_have_count(24, timeout=6000)
    page.wait_for_timeout(2500)
    asked.clear()
    page.wait_for_timeout(2500)
    assert [url for url in asked if "live" in url] == []


def test_cancel_asks_first(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    row = make(state=State.QUEUED)
    page.goto(f"/gallery/{row.pk}/")
    page.get_by_role("button", name="Cancel", exact=True).click()
    question = page.get_by_role("dialog", name="Cancel this video?")
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Cancel", exact=True).click()
    question.get_by_role("button", name="Cancel the video").click()
    expect(page.locator(".badge--canceled")).to_be_visible()
    row.refresh_from_db()
    assert row.state == State.CANCELED


def test_without_javascript_it_is_links_and_forms(
    visitor: Visitor, visit: Visit, bob: User, make: Make
) -> None:
    rows = [make(f"Video {number}") for number in range(26)]
    film(*rows)
    page = visit(bob, java_script_enabled=False).page
    page.goto("/gallery/")
    page.get_by_role("link", name="Load more").click()
    expect(page.locator(".tile")).to_have_count(2)
    page.get_by_role("checkbox", name="Select: Video 1").check(force=True)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete this video?")
    page.get_by_role("button", name="Delete 1 video").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(2)
    search = page.get_by_role("searchbox")
    search.fill("video 25")
    search.press("Enter")
    page.get_by_role("link", name="Video 25", exact=True).click()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Create a link").click()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_label("Link to share")).to_have_value(re.compile("/share/"))
