"""The gallery and a generation's page: pages, live updates, borders between tenants."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import api_keys
from accounts.models import Organization, User
from generations import finding, gallery
from generations.models import Generation, State
from tests.web.conftest import Make, move

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "cards"}
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None], books_balance: None) -> None:
    give_credits(acme)


def cards(answer: Any) -> list[str]:
    return re.findall(r'id="card-([0-9a-f-]{36})"', answer.content.decode())


def queries(client: Client, path: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, headers=headers).status_code == 200
    return len(captured)


def test_an_empty_gallery_leads_to_the_studio(as_bob: Client) -> None:
    page = as_bob.get("/gallery/").content.decode()
    assert "No videos yet" in page
    assert 'href="/studio/"' in page


def test_pages_go_on_without_a_gap(as_bob: Client, make: Make) -> None:
    ids = [str(make(state=State.QUEUED).pk) for _ in range(gallery.PAGE_SIZE + 3)][::-1]

    first = as_bob.get("/gallery/")
    assert cards(first) == ids[: gallery.PAGE_SIZE]
    more = re.search(r'href="(/gallery/\?before=[^"]+)"', first.content.decode())
    assert more
    assert cards(as_bob.get(more[1])) == ids[gallery.PAGE_SIZE :]

    appended = as_bob.get(more[1], headers=HTMX).content.decode()
    assert "<html" not in appended
    assert 'id="more" class="more" hx-swap-oob="true"' in appended
    assert "Load more" not in appended

    back = re.search(r'href="(/gallery/\?after=[^"]+)"', as_bob.get(more[1]).content.decode())
    assert back
    assert cards(as_bob.get(back[1])) == ids[: gallery.PAGE_SIZE]
    assert 'id="live" hidden hx-swap-oob="true" data-poller' in appended  # open ones were added


def test_queries_do_not_grow_with_rows(as_bob: Client, make: Make) -> None:
    make()
    as_bob.get("/gallery/")
    with_one = queries(as_bob, "/gallery/")
    for _ in range(30):
        make()

    assert queries(as_bob, "/gallery/") == with_one
    # Session, user, membership; members, keys, the page's ids, its rows. What the frame of the
    # page asks beside them is not the gallery's.
    assert queries(as_bob, "/gallery/", **HTMX) == 7
    row = make(state=State.PROCESSING)
    alone = queries(as_bob, f"/gallery/{row.pk}/live", **HTMX)
    # Session, user, membership; the generation, its events, its entries; the wallet.
    assert alone == 7
    page = queries(as_bob, f"/gallery/{row.pk}/")
    for _ in range(30):
        make("Another one")
    assert queries(as_bob, f"/gallery/{row.pk}/") == page


@pytest.mark.parametrize("before", ["nonsense", "'", "0" * 4000])
def test_a_wrong_place_is_a_404(as_bob: Client, make: Make, before: str) -> None:
    make()
    assert as_bob.get("/gallery/", {"before": before}).status_code == 404


def test_an_unknown_place_is_an_empty_page(as_bob: Client, make: Make) -> None:
    make()
    answer = as_bob.get("/gallery/", {"before": str(uuid.UUID(int=0))})
    assert answer.status_code == 200
    assert "Nothing further" in answer.content.decode()


def test_tenants_see_their_own(as_bob: Client, as_charlie: Client, make: Make) -> None:
    row = make()

    assert cards(as_bob.get("/gallery/")) == [str(row.pk)]
    assert cards(as_charlie.get("/gallery/")) == []
    for path in ("", "live", "cancel"):
        assert as_charlie.get(f"/gallery/{row.pk}/{path}").status_code == 404
    for path in ("cancel", "share", "unshare"):
        assert as_charlie.post(f"/gallery/{row.pk}/{path}").status_code == 404
    live = as_charlie.get(f"/gallery/live?ids={row.pk}")
    assert live.status_code == 286
    assert live.content == b""


def test_cards_say_what_it_costs(as_bob: Client, make: Make) -> None:
    make(state=State.PROCESSING)
    make(state=State.COMPLETED)
    make(state=State.ERROR)
    page = as_bob.get("/gallery/").content.decode()

    assert "$0.10 held" in page
    assert '<span class="tile__cost">$0.10</span>' in page
    assert '<span class="tile__cost">$0.00</span>' in page


def test_live_swaps_what_has_changed(as_bob: Client, make: Make) -> None:
    one, two = make(state=State.QUEUED), make(state=State.PROCESSING)
    path = f"/gallery/live?ids={one.pk},{two.pk}&seen=queued,processing"
    assert as_bob.get(path).status_code == 204

    move(two, State.COMPLETED, media=True)
    answer = as_bob.get(path)
    assert answer.status_code == 200
    assert cards(answer) == [str(two.pk)]
    assert f'<li id="card-{two.pk}" hx-swap-oob="true">' in answer.content.decode()
    assert 'id="balance" class="balance" hx-swap-oob="true"' in answer.content.decode()

    move(one, State.FAILED)
    last = as_bob.get("/gallery/live", {"ids": [str(one.pk)], "seen": ["queued"]})
    assert last.status_code == 286  # and stop
    assert cards(last) == [str(one.pk)]


def test_live_ends_when_nothing_is_open(as_bob: Client, make: Make) -> None:
    row = make()
    path = f"/gallery/live?ids={row.pk}&seen=completed-media"
    assert as_bob.get(path).status_code == 286
    assert as_bob.get("/gallery/live").status_code == 286
    assert 'id="live" hidden></div>' in as_bob.get("/gallery/").content.decode()


def test_live_takes_whatever_is_asked(as_bob: Client, make: Make) -> None:
    row = make(state=State.QUEUED)
    ids = [*(str(uuid.uuid4()) for _ in range(gallery.LIVE_AT_MOST)), str(row.pk)]
    assert cards(as_bob.get("/gallery/live", {"ids": ",".join(ids)})) == []
    assert cards(as_bob.get("/gallery/live", {"ids": f"x,,{row.pk},\x00"})) == [str(row.pk)]


def test_the_page_tells_the_story(as_bob: Client, make: Make) -> None:
    row = make("A <b>bold</b> cat", duration=4)
    page = as_bob.get(f"/gallery/{row.pk}/").content.decode()

    assert "<video" in page
    assert f"{row.pk}.mp4?download" in page
    assert "A &lt;b&gt;bold&lt;/b&gt; cat" in page
    assert f"4 s {TIMES} $0.02" in page
    assert page.count("timeline__event ") == 2
    assert "Charged <span" in page
    assert "hx-trigger" not in page  # finished: nothing polls, so the player is left alone
    assert f"/studio/p-video/?from={row.pk}" in page


@pytest.mark.parametrize(
    ("model", "given", "label"),
    [
        ("p-video", {"image": "https://example.com/a.png"}, "First frame"),
        ("p-video-avatar", {"image": "https://example.com/a.png"}, "Portrait"),
        ("p-video-avatar", {"audio": "https://example.com/a.mp3"}, "Recording"),
        ("p-video", {"audio": "https://example.com/a.mp3"}, "Sound"),
    ],
)
def test_parameters_are_called_as_in_the_studio(
    as_bob: Client, make: Make, model: str, given: dict[str, str], label: str
) -> None:
    row = make()
    Generation.objects.update(model=model, input={**given, "no_op": False, "webhook": ""})
    page = as_bob.get(f"/gallery/{row.pk}/").content.decode()
    table = page[page.index("parameters-title") :]
    shown = re.findall(r'<th scope="row">([^<]+)', table[: table.index("</table>")])
    assert shown == [label]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("\u200b\u2060", "Untitled"),
        ("A cat \u202etac", "A cat tac"),
        ("\N{WOMAN}\u200d\N{WOMAN} walks", "\N{WOMAN}\u200d\N{WOMAN} walks"),
    ],
)
def test_titles_can_be_seen_and_turn_nothing_around(
    as_bob: Client, make: Make, prompt: str, title: str
) -> None:
    row = make(prompt)
    page = as_bob.get(f"/gallery/{row.pk}/").content.decode()
    assert f'<h1 class="detail__title">{title}</h1>' in page
    assert row.input["prompt"] == prompt


def test_an_open_page_follows_along(as_bob: Client, make: Make) -> None:
    row = make(state=State.QUEUED)
    page = as_bob.get(f"/gallery/{row.pk}/").content.decode()
    assert f'hx-get="/gallery/{row.pk}/live?seen=queued"' in page
    assert as_bob.get(f"/gallery/{row.pk}/live?seen=queued").status_code == 204

    move(row, State.COMPLETED, media=True)
    part = as_bob.get(f"/gallery/{row.pk}/live?seen=queued").content.decode()
    assert "<video" in part
    assert "hx-trigger" not in part
    assert 'id="balance"' in part


def test_an_error_is_told(as_bob: Client, make: Make) -> None:
    row = make(state=State.ERROR)
    Generation.objects.filter(pk=row.pk).update(error="The model <crashed>.", note="secret")
    page = as_bob.get(f"/gallery/{row.pk}/").content.decode()
    assert "The model &lt;crashed&gt;." in page
    assert "secret" not in page


def test_canceling(as_bob: Client, as_viewer: Client, make: Make) -> None:
    row = make(state=State.QUEUED)
    path = f"/gallery/{row.pk}/cancel"
    assert "Cancel</button>" in as_bob.get(f"/gallery/{row.pk}/").content.decode()
    assert "Cancel</button>" not in as_viewer.get(f"/gallery/{row.pk}/").content.decode()
    assert as_viewer.post(path).status_code == 403
    assert as_bob.get(path).status_code == 200
    row.refresh_from_db()
    assert row.state == State.QUEUED

    answer = as_bob.post(path, follow=True)
    assert "Canceled. What was held" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == State.CANCELED
    assert row.charged_micros == 0


def test_what_was_sent_cannot_be_canceled(as_bob: Client, make: Make) -> None:
    row = make(state=State.PROCESSING)
    answer = as_bob.post(f"/gallery/{row.pk}/cancel", follow=True)
    assert "can no longer be canceled" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == State.PROCESSING


# --- Filters --------------------------------------------------------------------------------


def found(client: Client, **query: Any) -> list[str]:
    """What the cards that a filter leaves are called."""
    answer = client.get("/gallery/", query)
    assert answer.status_code == 200
    return [row.input["prompt"] for row in answer.context["page"].rows]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("fox", ["Two foxes", "A red FOX"]),
        ("red fox", ["A red FOX"]),
        ("fo", ["Two foxes", "A red FOX"]),  # a word begins so
        ("ox", []),
        ("100%", ["100% wool_white"]),
        ("wool_", ["100% wool_white"]),
        ("o_w", []),
        ("東京", ["夜の東京"]),
        ("zebra", []),
        ("  ", ["夜の東京", "100% wool_white", "Two foxes", "A red FOX"]),
        ("\\", []),
    ],
)
@pytest.mark.parametrize("walk", [1000, 1])
def test_search(
    as_bob: Client,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    q: str,
    expected: list[str],
    walk: int,
) -> None:
    """The same is found by walking down and by the index."""
    monkeypatch.setattr(finding, "WALK", walk)
    make("A red FOX")
    make("Two foxes", state=State.PROCESSING)
    make("100% wool_white")
    make("夜の東京")
    assert found(as_bob, q=q) == expected


def test_a_script_is_searched_too(as_bob: Client, make: Make) -> None:
    row = make()
    Generation.objects.filter(pk=row.pk).update(
        model="p-video-avatar", input={"voice_script": "Good morning", "video_prompt": "A desk"}
    )
    assert cards(as_bob.get("/gallery/?q=morning")) == [str(row.pk)]
    assert cards(as_bob.get("/gallery/?q=desk+good")) == [str(row.pk)]


@pytest.mark.parametrize("walk", [1000, 1])
def test_filters_alone_and_together(
    as_bob: Client, make: Make, bob: User, monkeypatch: pytest.MonkeyPatch, walk: int
) -> None:
    monkeypatch.setattr(finding, "WALK", walk)
    own = make("By Bob", state=State.FAILED)
    Generation.objects.filter(pk=own.pk).update(created_by=bob)
    key = api_keys.create(own.organization, name="Server", created_by=bob)[0]
    keyed = make("By key")
    Generation.objects.filter(pk=keyed.pk).update(api_key=key, model="p-video-avatar")
    make("On its way", state=State.SUBMITTING)
    make("Queued", state=State.QUEUED)

    assert found(as_bob, state="queued") == ["Queued", "On its way"]
    assert found(as_bob, state="failed") == ["By Bob"]
    assert found(as_bob, model="p-video-avatar") == ["By key"]
    assert found(as_bob, by=f"member:{bob.pk}") == ["By Bob"]
    assert found(as_bob, by=f"key:{key.pk}") == ["By key"]
    assert found(as_bob, by=f"key:{key.pk}", state="completed", q="by") == ["By key"]
    assert found(as_bob, by=f"key:{key.pk}", state="failed") == []
    assert found(as_bob, state="queued", model="p-video", order="oldest") == [
        "On its way",
        "Queued",
    ]
    # Neither of them has spent anything.
    Generation.objects.update(created_by=None, api_key=None)


@pytest.mark.parametrize(
    "query",
    [{"state": "odd"}, {"model": "x"}, {"by": "member:x"}, {"by": "key:1"}, {"by": "\N{DIGIT ONE}"},
     {"by": "member:" + "9" * 40}, {"order": "cost"}],
)  # fmt: skip
def test_what_cannot_be_chosen_is_no_filter(
    as_bob: Client, make: Make, query: dict[str, str]
) -> None:
    make("One")
    assert found(as_bob, **query) == ["One"]


def test_days_are_those_of_the_readers_zone(as_bob: Client, make: Make) -> None:
    make("Evening", at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    make("Night", at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    day = {"from": "2026-03-01", "to": "2026-03-01"}
    assert found(as_bob, **day) == ["Night", "Evening"]
    assert found(as_bob, **day, zone="Europe/Berlin") == ["Evening"]
    assert found(as_bob, **day, zone="Mars/Olympus") == ["Night", "Evening"]
    assert found(as_bob, **{"from": "2026-03-02"}) == []


def test_a_wrong_day_is_told_beside_its_field(as_bob: Client, make: Make) -> None:
    make()
    wrong = {"from": "2026-03-02", "to": "2026-03-01", "q": "cat"}
    answer = as_bob.get("/gallery/", wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert '<p class="field__error" id="id_to_error">This is before the first day.' in page
    assert 'value="cat"' in page
    assert cards(answer) == []
    assert as_bob.get("/gallery/", {"q": "x" * 300}).status_code == 422


def test_filters_stay_in_every_address(as_bob: Client, make: Make) -> None:
    for _ in range(gallery.PAGE_SIZE + 1):
        make("A fox", state=State.QUEUED)
    query = "q=fox&state=queued&order=oldest"
    page = as_bob.get(f"/gallery/?{query}").content.decode()
    kept = query.replace("&", "&amp;")

    assert f'href="/gallery/?{kept}&amp;after=' in page  # more
    assert re.search(rf'href="/gallery/[0-9a-f-]{{36}}/\?{re.escape(kept)}"', page)  # cards
    assert f'hx-get="/gallery/live?{kept}"' in page
    assert 'href="/gallery/?state=queued&amp;order=oldest"' in page  # without the words
    assert 'href="/gallery/?order=oldest"' in page  # without any filter
    assert "No video fits" in as_bob.get("/gallery/?q=zebra").content.decode()


def test_parts_for_htmx(as_bob: Client, make: Make) -> None:
    make("A fox")
    for target in ("results", "gallery"):
        headers = {"HX-Request": "true", "HX-Target": target}
        part = as_bob.get("/gallery/?q=fox", headers=headers).content.decode()
        assert part.startswith(f'<div id="{target}"')
        assert "<html" not in part


def test_makers_are_the_organizations_own(
    as_bob: Client, as_charlie: Client, acme: Organization, alice: User
) -> None:
    key = api_keys.create(acme, name="Server", created_by=alice)[0]
    page = as_bob.get("/gallery/").content.decode()
    assert f'<option value="key:{key.pk}">Server</option>' in page
    assert ">Alice</option>" in page
    other = as_charlie.get("/gallery/", {"by": f"key:{key.pk}"}).content.decode()
    assert "Server" not in other
    assert "Alice" not in other


def test_new_ones_are_told_of(as_bob: Client, as_charlie: Client, make: Make) -> None:
    first = make("A fox")
    path = f"/gallery/news?than={first.pk}"
    assert f'hx-get="{path}"' in as_bob.get("/gallery/").content.decode()
    assert as_bob.get(path).status_code == 204
    make("A fox")
    make("A cat")
    assert "2 new videos" in as_bob.get(path).content.decode()
    assert "1 new video<" in as_bob.get(f"{path}&q=fox").content.decode()
    assert as_charlie.get(path).status_code == 204
    assert as_bob.get("/gallery/news?than=x").status_code == 404
    assert "/gallery/news" not in as_bob.get("/gallery/?order=oldest").content.decode()


def test_the_page_leads_on_in_the_gallerys_order(as_bob: Client, make: Make) -> None:
    one, _, three = make("A fox"), make("A cat"), make("Two foxes")
    four = make("Three foxes", state=State.QUEUED)

    def beside(query: str) -> tuple[str, str]:
        page = as_bob.get(f"/gallery/{three.pk}/{query}").context
        return page["previous_url"], page["next_url"]

    assert beside("?q=fox") == (f"/gallery/{four.pk}/?q=fox", f"/gallery/{one.pk}/?q=fox")
    assert beside("?q=fox&order=oldest") == (
        f"/gallery/{one.pk}/?q=fox&order=oldest",
        f"/gallery/{four.pk}/?q=fox&order=oldest",
    )
    assert beside("?q=fox&state=completed")[0] is None
    assert beside("?from=nonsense")[0] == f"/gallery/{four.pk}/"


def test_what_failed_says_why_on_its_card(as_bob: Client, make: Make) -> None:
    row = make(state=State.FAILED)
    Generation.objects.filter(pk=row.pk).update(error="The <model> refused it.")
    assert "The &lt;model&gt; refused it." in as_bob.get("/gallery/").content.decode()
