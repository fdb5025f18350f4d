"""A job's page: all of it at once, for whoever may see it, and what staff may do there."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice.models import StaffAct
from billing.models import Entry
from generations import media as collecting
from generations.models import Generation, GenerationEvent, Media, ProviderCallback, State
from generations.probing import VideoFacts
from tests.billing.movements import DOLLAR, credit, money_of
from tests.staff.conftest import logged_in
from webhooks import events, sealing
from webhooks.models import Delivery, DeliveryState, Endpoint

PROMPT = "a secret cat"


@pytest.fixture
def funded(acme):
    credit(acme, 10 * DOLLAR)
    return acme


@pytest.fixture
def endpoint(acme) -> Endpoint:
    return Endpoint.objects.create(
        organization=acme,
        url="https://acme.example/hook",
        event_types=["*"],
        secret_sealed=sealing.seal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    )


def tell(row: Generation) -> Delivery:
    """It ended, and its endpoint was told."""
    events.record(
        organization_id=row.organization_id,
        type="generation.completed",
        data={"id": str(row.pk)},
        dedup_key=str(row.pk),
    )
    Delivery.objects.update(
        state=DeliveryState.FAILED, next_attempt_at=None, ended_at=timezone.now(), status_code=500
    )
    return Delivery.objects.latest("pk")


def page(client: Any, row: Generation) -> str:
    answer = client.get(reverse("admin:generations_generation_change", args=[row.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def act(client: Any, row: Generation, name: str) -> str:
    url = reverse("admin:generations_generation_correct", args=[row.pk, name])
    return str(client.post(url, {"reason": "they wrote"}, follow=True).content.decode())


@pytest.fixture
def row(funded, make, alice, endpoint) -> Generation:
    made: Generation = make(PROMPT, media=True)
    Generation.objects.filter(pk=made.pk).update(
        created_by=alice, provider_request_id="p-video_abc", metadata={"order": "N-17"}
    )
    GenerationEvent.objects.create(
        generation=made, organization=funded, state=State.SUBMITTING, note="first try"
    )
    GenerationEvent.objects.create(
        generation=made, organization=funded, state=State.QUEUED, note="429: too many"
    )
    ProviderCallback.objects.create(
        generation=made, organization=funded, body=b'{"raw": "<b>secret</b>"}', body_bytes=24
    )
    tell(made)
    return made


def test_everything_is_on_one_page(row, as_root, django_assert_max_num_queries):
    page(as_root, row)
    with django_assert_max_num_queries(20):
        shown = page(as_root, row)
    entries = Entry.objects.filter(hold=row.pk)
    assert entries.count() == 2
    for entry in entries:
        assert reverse("admin:billing_entry_change", args=[entry.pk]) in shown
    links = {
        "accounts_organization_change": row.organization_id,
        "billing_price_change": row.price_id,
        "billing_hold_change": row.pk,
        "webhooks_delivery_change": Delivery.objects.get().pk,
        "webhooks_delivery_replay": Delivery.objects.get().pk,
    }
    for name, key in links.items():
        assert reverse(f"admin:{name}", args=[key]) in shown, name
    for text in (PROMPT, "alice@example.com", "p-video_abc", "N-17", "429: too many", "500"):
        assert text in shown, text
    assert "&lt;b&gt;secret&lt;/b&gt;" in shown, "raw, and escaped"
    assert f"/{row.pk}.mp4" in shown


def test_it_takes_as_many_queries_for_many_rows(row, as_root, django_assert_num_queries):
    url = reverse("admin:generations_generation_change", args=[row.pk])
    as_root.get(url)
    with CaptureQueriesContext(connection) as few:
        as_root.get(url)
    for number in range(5):
        ProviderCallback.objects.create(
            generation=row, organization=row.organization, body=b"{}", body_bytes=number
        )
        GenerationEvent.objects.create(
            generation=row, organization=row.organization, state=State.SUBMITTING
        )
    with django_assert_num_queries(len(few)):
        as_root.get(url)


def test_prompts_bodies_and_the_video_are_for_roles_that_may_see_them(row, fred, sue):
    shown = page(logged_in(fred), row)
    for text in (PROMPT, "N-17", "secret", f"/{row.pk}.mp4"):
        assert text not in shown, text
    assert "alice@example.com" in shown
    assert PROMPT in page(logged_in(sue), row)


def test_only_what_is_possible_and_allowed_is_offered(row, funded, make, sue, fred):
    waiting = make(state=State.PROCESSING)

    def offered(user: Any, generation: Generation) -> set[str]:
        shown = page(logged_in(user), generation)
        names = ("ask", "release", "refund", "fetch", "tell")
        pages = "admin:generations_generation_correct"
        return {name for name in names if reverse(pages, args=[generation.pk, name]) in shown}

    assert offered(sue, row) == {"tell"}
    assert offered(fred, row) == {"refund"}
    assert offered(sue, waiting) == {"ask"}
    assert offered(fred, waiting) == {"release"}


def lost(make: Any, **more: Any) -> Generation:
    """COMPLETED and charged, but the file could not be had."""
    made: Generation = make(media=False)
    Generation.objects.filter(pk=made.pk).update(
        provider_media_url="http://127.0.0.1:9/gone.mp4",
        media_attempts=5,
        error="could not be fetched",
        needs_attention="the finished file could not be had",
        **more,
    )
    made.refresh_from_db()
    return made


def test_a_lost_file_is_fetched_again_and_no_money_moves(books_balance, funded, make, sue):
    row = lost(make)
    before = money_of(funded)
    assert "being fetched" in act(logged_in(sue), row, "fetch")
    row.refresh_from_db()
    assert row.next_media_at is not None
    assert row.next_media_at <= timezone.now()
    assert row.media_attempts == 0
    assert StaffAct.objects.get().act == "fetch_media_again"
    facts = VideoFacts(
        duration_ms=2000,
        width=1280,
        height=720,
        fps=Fraction(24),
        codec="h264",
        has_audio=False,
        size_bytes=9,
    )
    collecting._settle(collecting.Fetched(row, Path("/nowhere"), "x.mp4", facts))
    row.refresh_from_db()
    assert (str(row.state), row.error) == ("completed", "")
    assert Generation.objects.get(pk=row.pk).next_media_at is None
    assert "give back" in row.needs_attention, "5 s charged, 2 s made"
    assert Media.objects.get(pk=row.pk).video.name == "x.mp4"
    assert money_of(funded) == before


def test_a_file_that_cannot_be_had_again_is_given_up_again(funded, make, sue, settings):
    row = lost(make)
    act(logged_in(sue), row, "fetch")
    settings.MEDIA_MAX_ATTEMPTS = 2
    settings.MEDIA_RETRY_SECONDS = 60
    for attempts in (1, 2):
        Generation.objects.filter(pk=row.pk).update(media_attempts=attempts)
        row.refresh_from_db()
        collecting._try_again(collecting.Missing(row, "no connection"))
        row.refresh_from_db()
        assert (row.next_media_at is None) is (attempts == 2)
    assert "no connection" in row.needs_attention
    assert row.state == State.COMPLETED


def test_nothing_is_fetched_that_is_there_or_was_deleted(funded, make, sue):
    deleted = lost(make, deleted_at=timezone.now())
    removed = lost(make, media_removed_at=timezone.now())
    for row in (make(media=True), deleted, removed, make(state=State.FAILED)):
        assert "does not allow" in act(logged_in(sue), row, "fetch")
    assert not Generation.objects.filter(next_media_at__isnull=False)
    assert not StaffAct.objects.exists()


def test_webhooks_are_sent_again_once(row, sue, fred):
    url = reverse("admin:generations_generation_correct", args=[row.pk, "tell"])
    assert logged_in(fred).post(url, {"reason": "x"}).status_code == 403
    assert "1 delivery is being sent again" in act(logged_in(sue), row, "tell")
    old, again = Delivery.objects.order_by("pk")
    assert (again.state, again.replay_of_id, again.event_id) == ("pending", old.pk, old.event_id)
    assert "being sent already" in act(logged_in(sue), row, "tell")
    assert Delivery.objects.count() == 2
    assert [one.act for one in StaffAct.objects.all()] == ["send_webhooks_again"]


def test_nobody_is_told_again_where_nobody_was(funded, make, sue):
    assert "does not allow" in act(logged_in(sue), make(), "tell")
