"""The Studio in a real Chromium: each tab makes a video, several at once, files by drop, code."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Organization, User
from billing.models import Wallet
from generations.models import Generation, State, Upload
from tests.web.browsing import (
    OVERFLOWING,
    PLAY,
    WIDTHS,
    Visit,
    Visitor,
    in_chromium,
    inaccessible,
    work_elsewhere,
)
from tests.web.conftest import Make

pytestmark = in_chromium

TIMES = "\N{MULTIPLICATION SIGN}"
SHIFTED = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput && entry.value >= 0.0005) sum += entry.value; // a pixel or more
    }
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
FILE = """([data, name, type]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}"""


@pytest.fixture
def visitor(
    visit: Visit, bob: User, acme: Organization, give_credits: Callable[..., None]
) -> Visitor:
    """Bob, logged in, with $50."""
    give_credits(acme)
    return visit(bob, permissions=["clipboard-read", "clipboard-write"])


def drop(page: Page, field: Locator, data: bytes, name: str, kind: str) -> None:
    given = [base64.b64encode(data).decode(), name, kind]
    transfer = page.evaluate_handle(FILE, given)
    field.dispatch_event("dragover", {"dataTransfer": transfer})
    field.dispatch_event("drop", {"dataTransfer": transfer})


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(file, "PNG")
    return file.getvalue()


def generate(page: Page) -> None:
    runs = page.locator(".run")
    count = runs.count()
    page.get_by_role("button", name="Generate video").click()
    expect(runs).to_have_count(count + 1)


def test_every_tab_makes_a_video_and_they_run_at_once(
    visitor: Visitor, acme: Organization, books_balance: None
) -> None:
    page = visitor.page
    page.goto("/studio/")
    quote, prompt = page.locator("#quote"), page.get_by_role("textbox", name="Prompt")
    expect(quote).to_contain_text(f"5 s {TIMES} $0.02")
    assert page.evaluate(SHIFTED) == 0

    # A text: the price follows, and a double click is one video.
    prompt.fill("A cat walking in a garden")
    page.get_by_role("textbox", name="Duration").fill("8")
    expect(quote).to_contain_text(f"8 s {TIMES} $0.02")
    page.get_by_role("radio", name="1080p").check(force=True)
    expect(quote).to_contain_text(f"8 s {TIMES} $0.04")
    page.get_by_label("Draft mode").check()
    expect(quote).to_contain_text(f"8 s {TIMES} $0.01")
    page.get_by_role("radio", name="720p").check(force=True)
    expect(quote).to_contain_text(f"8 s {TIMES} $0.005")
    page.get_by_role("textbox", name="Duration").fill("80")
    expect(quote.locator(".price__amount")).to_have_text("\N{EN DASH}")
    page.locator("[data-slider-for=id_duration]").fill("2")
    expect(page.get_by_role("textbox", name="Duration")).to_have_value("2")
    expect(quote).to_contain_text("$49.99")
    assert not Generation.objects.exists()
    page.get_by_role("button", name="Generate video").dblclick()
    expect(page.locator(".run")).to_have_count(1)
    expect(page.locator("#balance")).to_contain_text("$0.01 held")
    expect(quote).to_contain_text("$49.98")  # what the next one would leave

    # One that will fail, by keyboard.
    prompt.fill("sandbox:error")
    prompt.press("Control+Enter")
    expect(page.locator(".run")).to_have_count(2)

    # A sound, on its own tab, which keeps the prompt.
    page.get_by_role("link", name="Audio-driven").click()
    expect(page).to_have_title("Studio: Audio-driven \N{MIDDLE DOT} PVideo")
    assert page.url.endswith("/studio/audio/")
    expect(prompt).to_have_value("sandbox:error")
    expect(quote).to_contain_text("The length of the sound makes the price.")
    prompt.fill("Someone at a desk")
    page.get_by_role("link", name="4-second tone").click()
    expect(quote).to_contain_text(f"4 s {TIMES} $0.005", timeout=15_000)  # a draft still
    expect(page.locator("audio")).to_be_visible()
    generate(page)

    # A person, whose picture is dropped.
    page.get_by_role("link", name="Avatar", exact=True).click()
    expect(page).to_have_title("Studio: Avatar \N{MIDDLE DOT} PVideo")
    field = page.locator("[data-media=image]")
    drop(page, field, picture(), "me.png", "image/png")
    expect(field.get_by_role("button", name="Remove")).to_be_visible()
    expect(field).to_contain_text("me.png")
    expect(field).to_contain_text(f"640 {TIMES} 480")
    expect(field.locator("img")).to_have_js_property("naturalWidth", 640)
    expect(page.get_by_role("radio", name="A recording")).to_be_checked()  # the sound came along
    page.get_by_role("radio", name="A script").check(force=True)
    page.get_by_role("textbox", name="Script").fill("Good morning.")
    expect(quote).to_contain_text(f"At most $0.10 4 s {TIMES} $0.025")
    generate(page)
    expect(page.locator(".run--live")).to_have_count(4)

    thread = work_elsewhere()
    expect(page.locator(".run video")).to_have_count(3, timeout=40_000)
    expect(page.locator(".run").nth(2)).to_contain_text("System error")
    thread.join()
    expect(page.locator(".run").nth(2)).to_contain_text("Free, $0.01 refunded")
    expect(page.locator(".run").nth(0)).to_contain_text("charged")
    expect(page.locator(".run--live")).to_have_count(0)
    expect(page.locator("#balance")).not_to_contain_text("held")
    last = page.locator(".run").nth(3)
    expect(last).to_contain_text("$0.01 charged")
    assert last.locator("video").evaluate(PLAY) == pytest.approx(2, abs=0.2)
    charged = sum(row.charged_micros or 0 for row in Generation.objects.all())
    assert Wallet.objects.get(pk=acme.pk).balance_micros == 50_000_000 - charged
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []  # nothing is open, so nobody asks

    # Again with changes, in place and in its own tab.
    last.get_by_role("link", name="Again with changes").click()
    expect(prompt).to_have_value("A cat walking in a garden")
    expect(page.get_by_role("textbox", name="Duration")).to_have_value("2")
    expect(quote).to_contain_text(f"2 s {TIMES} $0.005")
    assert page.evaluate("document.querySelectorAll('.run video').length") == 3


def test_mistakes_stand_beside_their_fields_and_what_was_typed_stays(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/studio/")
    page.get_by_text("Advanced", exact=True).first.click()
    page.get_by_label("Seed").fill("-4")
    field = page.locator("[data-media=image]")
    drop(page, field, b"no picture", "notes.txt", "text/plain")
    expect(field.get_by_role("alert")).to_contain_text("The file must be a jpg")
    page.get_by_role("button", name="Generate video").click()
    summary = page.locator(".maker__errors")
    expect(summary).to_contain_text("Prompt is required")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Seed")).to_have_value("-4")
    assert inaccessible(page) == []
    summary.get_by_role("link", name="Seed must be").click()
    expect(page.get_by_label("Seed")).to_be_focused()
    page.get_by_label("Seed").fill("4")
    page.get_by_role("textbox", name="Prompt").fill("A cat")
    generate(page)
    expect(summary).to_have_count(0)
    expect(page.get_by_label("Seed")).to_have_value("4")
    assert not Upload.objects.exists()

    # Called off, in place.
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".run")).to_contain_text("Canceled")
    expect(page.locator(".toast")).to_contain_text("available again")
    visitor.forgive("422")


def test_a_price_that_never_arrived_is_asked_for_again(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/studio/")
    page.get_by_role("textbox", name="Prompt").fill("A cat")
    expect(page.locator("#quote")).to_contain_text(f"5 s {TIMES}")
    page.route("**/quote", lambda route: route.abort())
    page.locator("#id_duration").fill("8")
    expect(page.locator(".toast")).to_contain_text("No connection")
    page.unroute("**/quote")
    page.get_by_role("button", name="Generate video").click()
    expect(page.locator(".run")).to_have_count(1)
    expect(page.locator("#quote")).to_contain_text(f"8 s {TIMES}")
    assert Generation.objects.get().quoted_seconds == 8
    visitor.forgive("htmx:")
    visitor.forgive("ERR_FAILED")


def test_the_code_follows_the_form(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/studio/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("A cat")
    expect(page.locator("#quote")).not_to_have_class("htmx-request")
    page.wait_for_timeout(400)
    assert [url for url in asked if url.endswith("/code")] == []  # nobody looks at it

    page.get_by_text("As code").click()
    code = page.locator("#code")
    expect(code.locator("pre:visible")).to_contain_text("curl http")
    prompt.fill("A second cat")
    expect(code.locator("pre:visible")).to_contain_text('"prompt": "A second cat"')
    page.get_by_role("radio", name="Python").check(force=True)
    expect(code.locator("pre:visible")).to_contain_text("import requests")
    prompt.fill("")
    expect(code).to_contain_text("Not complete yet: Prompt.")
    expect(code.locator("pre:visible")).to_contain_text("import requests")  # still
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == code.locator("pre:visible").inner_text()


def test_it_is_well_made_at_every_width(visitor: Visitor, make: Make, bob: User) -> None:
    rows = [
        make("Supercalifragilisticexpialidocious" * 20, image="https://example.com/" + "a" * 300),
        make("A queue", state=State.QUEUED),
        make("A process", state=State.PROCESSING),
        make("No luck", state=State.FAILED),
    ]
    Generation.objects.filter(pk__in=[row.pk for row in rows]).update(created_by=bob)
    page = visitor.page
    page.route("**/media/**", lambda route: route.fulfill(status=200, body=b""))
    for path in ("/studio/?example=hills", "/studio/p-video-avatar/?example=greeting"):
        page.emulate_media(color_scheme="light")
        page.goto(path)
        page.get_by_text("As code").click()
        expect(page.locator("#code pre:visible")).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOWING) == [], (path, width)
        assert inaccessible(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/studio/audio/?example=radio-host", "/studio/?welcome"):
        page.goto(path)
        assert page.evaluate(SHIFTED) == 0
    # The price and the button are in sight from the start, and sending leads to the video.
    expect(page.get_by_role("button", name="Generate video")).to_be_in_viewport()
    generate(page)
    expect(page.locator(".run").first).to_be_in_viewport()


def test_it_works_without_javascript(visitor: Visitor, browser: Browser, site: str) -> None:
    cookies: list[Any] = visitor.page.context.cookies()
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies([{"name": c["name"], "value": c["value"], "url": site} for c in cookies])
    page = context.new_page()
    page.goto("/studio/")
    page.locator("#id_prompt").fill("A cat")
    page.locator("[name=image_file]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture()}
    )
    page.get_by_role("button", name="Show the price first").click()
    expect(page.locator("#quote")).to_contain_text(f"5 s {TIMES} $0.02")
    assert page.locator("#id_image").input_value().startswith(f"{site}/uploads/")
    page.get_by_role("button", name="Generate video").click()
    expect(page.get_by_role("heading", name="A cat")).to_be_visible()
    context.close()
