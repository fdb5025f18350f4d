"""The gallery and a generation's page: pages, live updates, borders between tenants."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from generations import gallery
from generations.models import Generation, State
from tests.web.conftest import Make, move

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None], books_balance: None) -> None:
    give_credits(acme)


def cards(answer: Any) -> list[str]:
    return re.findall(r'id="card-([0-9a-f-]{36})"', answer.content.decode())


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
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
    assert 'id="live" hidden hx-swap-oob="true" data-poller' in appended  # open ones were added


def test_queries_do_not_grow_with_rows(as_bob: Client, make: Make) -> None:
    make()
    as_bob.get("/gallery/")
    with_one = queries(as_bob, "/gallery/")
    for _ in range(30):
        make()

    assert queries(as_bob, "/gallery/") == with_one
    # session, user, membership, the page itself, wallet, organizations to switch to
    assert with_one == 6
    row = make(state=State.PROCESSING)
    assert queries(as_bob, f"/gallery/{row.pk}/") == 8


@pytest.mark.parametrize("before", ["nonsense", "'", "0" * 4000])
def test_a_wrong_place_is_a_404(as_bob: Client, make: Make, before: str) -> None:
    make()
    assert as_bob.get("/gallery/", {"before": before}).status_code == 404


def test_an_unknown_place_is_an_empty_page(as_bob: Client, make: Make) -> None:
    make()
    answer = as_bob.get("/gallery/", {"before": str(uuid.UUID(int=0))})
    assert answer.status_code == 200
    assert "Nothing older" in answer.content.decode()


def test_tenants_see_their_own(as_bob: Client, as_charlie: Client, make: Make) -> None:
    row = make()

    assert cards(as_bob.get("/gallery/")) == [str(row.pk)]
    assert cards(as_charlie.get("/gallery/")) == []
    for path in ("", "live", "cancel"):
        assert as_charlie.get(f"/gallery/{row.pk}/{path}").status_code == 404
    assert as_charlie.post(f"/gallery/{row.pk}/cancel").status_code == 404
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
    assert 'class="card-tile" hx-swap-oob="true"' in answer.content.decode()
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
    assert "data-poller" not in as_bob.get("/gallery/").content.decode()


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
