"""The pages of webhooks: endpoints, secrets, deliveries, replays; and who may do what there."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organization, User
from tests.webhooks.conftest import SECRET, happen
from tests.webhooks.receiver import Receiver, reply
from webhooks import delivering, endpoints, health, replaying
from webhooks.models import Attempt, Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db
Listen = Callable[..., Endpoint]
FORM = {"url": "https://example.com/hook", "description": "Production", "wanted": "all"}


def page(client: Client, address: str, status: int = 200, **extra: Any) -> str:
    answer = client.get(address, **extra)
    assert answer.status_code == status, answer.content
    return html.unescape(" ".join(answer.content.decode().split()))


def attempted(delivery_id: Any, **values: Any) -> None:
    """As if an attempt had ended a delivery."""
    state = values.pop("state", "delivered")
    given = {"status_code": 200, "error": "", **values}
    Delivery.objects.filter(pk=delivery_id).update(
        state=state, attempts=1, ended_at=timezone.now(), next_attempt_at=None, **given
    )
    Attempt.objects.create(
        delivery_id=delivery_id,
        number=1,
        started_at=timezone.now(),
        duration_ms=1234,
        response_excerpt="<b>thanks</b>",
        **given,
    )


# --- Endpoints --------------------------------------------------------------------------------


def test_an_endpoint_is_made_and_its_secret_shown(as_alice: Client, alice: User) -> None:
    assert "No endpoints yet" in page(as_alice, "/webhooks/")
    answer = as_alice.post("/webhooks/new", FORM, follow=True)
    made = Endpoint.objects.get()
    assert answer.redirect_chain == [(f"/webhooks/{made.pk}/secret", 302)]
    assert endpoints.secret_of(made) in answer.content.decode()
    assert (made.event_types, made.description, made.created_by) == (["*"], "Production", alice)
    hidden = page(as_alice, f"/webhooks/{made.pk}/")
    assert "whsec_•" in hidden
    assert endpoints.secret_of(made) not in hidden
    shown = as_alice.get(f"/webhooks/{made.pk}/secret", headers={"HX-Request": "true"})
    assert f'value="{endpoints.secret_of(made)}"' in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert "<html" not in shown.content.decode()


def test_the_form_explains_each_event(as_alice: Client) -> None:
    text = page(as_alice, "/webhooks/new")
    assert "<code>generation.failed</code>" in text
    assert "<code>data.status</code> says how" in text
    assert "ping" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": ""}, "This field is required"),
        ({"url": "ftp://example.com"}, "http"),
        ({"url": "https://10.0.0.1/"}, "does not lead to a public address"),
        ({"wanted": "some"}, "Choose one at least"),
        ({"wanted": "some", "event_types": ["ping"]}, "Choose one at least"),
        ({"wanted": "love"}, "valid choice"),
        ({"description": "x" * 201}, "at most 200"),
    ],
)
def test_mistakes_are_named_and_what_was_typed_stays(
    as_alice: Client, change: dict[str, Any], words: str
) -> None:
    answer = as_alice.post("/webhooks/new", {**FORM, **change})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert "field__error" in text
    assert 'value="Production"' in text or "description" in change
    assert not Endpoint.objects.exists()


def test_there_is_an_end_to_endpoints(as_alice: Client, listen: Listen, settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_MAX = 1
    listen()
    answer = as_alice.post("/webhooks/new", FORM)
    assert answer.status_code == 422
    assert b"at most 1 webhook endpoints" in answer.content


def test_editing(as_alice: Client, listen: Listen) -> None:
    one = listen(event_types=["top_up.succeeded"], description="Old")
    text = page(as_alice, f"/webhooks/{one.pk}/edit")
    assert re.search(r'value="top_up.succeeded"[^>]* checked', text)
    changed = {
        "url": "https://example.org/new",
        "wanted": "some",
        "event_types": ["generation.completed", "generation.failed"],
    }
    answer = as_alice.post(f"/webhooks/{one.pk}/edit", changed, follow=True)
    assert b"Saved." in answer.content
    one.refresh_from_db()
    assert one.url == "https://example.org/new"
    assert one.event_types == ["generation.completed", "generation.failed"]
    assert endpoints.secret_of(one) == SECRET
    assert as_alice.post(f"/webhooks/{one.pk}/edit", {**changed, "url": "x"}).status_code == 422


def test_disabling_cancels_and_enabling_brings_back(
    as_alice: Client, acme: Organization, listen: Listen
) -> None:
    one = listen()
    happen(acme)
    assert "Disable this endpoint?" in page(as_alice, f"/webhooks/{one.pk}/disable")
    answer = as_alice.post(f"/webhooks/{one.pk}/disable", follow=True)
    assert b"Disabled" in answer.content
    assert Delivery.objects.get().state == "canceled"
    assert b"Enable it first" in as_alice.get(f"/webhooks/{one.pk}/replay").content
    as_alice.post(f"/webhooks/{one.pk}/replay", {"span": "24h"})
    assert Delivery.objects.count() == 1
    assert as_alice.post(f"/webhooks/{one.pk}/test", follow=True).status_code == 200
    assert Delivery.objects.count() == 1
    as_alice.post(f"/webhooks/{one.pk}/enable")
    one.refresh_from_db()
    assert one.is_enabled


def test_deleting(as_alice: Client, acme: Organization, listen: Listen) -> None:
    one = listen()
    (delivery,) = happen(acme)
    assert "Delete this endpoint?" in page(as_alice, f"/webhooks/{one.pk}/delete")
    assert Endpoint.objects.get().deleted_at is None
    answer = as_alice.post(f"/webhooks/{one.pk}/delete", follow=True)
    assert b"No endpoints yet" in answer.content
    assert as_alice.get(f"/webhooks/{one.pk}/").status_code == 404
    assert "Canceled" in page(as_alice, f"/webhooks/deliveries/{delivery}/")


def test_rotating_the_secret(as_alice: Client, listen: Listen) -> None:
    one = listen()
    path = f"/webhooks/{one.pk}/rotate"
    assert "carries two signatures" in page(as_alice, path)
    assert as_alice.post(path, {"overlap_seconds": "5"}).status_code == 422
    answer = as_alice.post(path, {"overlap_seconds": "3600"}, follow=True)
    one.refresh_from_db()
    assert endpoints.keys_of(one) == (endpoints.secret_of(one), SECRET)
    assert endpoints.secret_of(one) in answer.content.decode()
    assert b"The old secret signs too until" in answer.content
    as_alice.post(path, {"overlap_seconds": "0"})
    one.refresh_from_db()
    assert len(endpoints.keys_of(one)) == 1
    assert "The old secret signs too" not in page(as_alice, f"/webhooks/{one.pk}/")


def test_the_list_says_how_endpoints_are_doing(
    as_alice: Client, acme: Organization, listen: Listen, django_assert_num_queries: Any
) -> None:
    good, bad = listen(), listen(url="https://example.com/bad")
    listen(url="https://example.com/off", enabled=False)
    Endpoint.objects.filter(pk=bad.pk).update(failing_since=timezone.now() - timedelta(hours=3))
    happen(acme, 3)
    for delivery in Delivery.objects.filter(endpoint=good):
        attempted(delivery.pk)
    one, two, _ = Delivery.objects.filter(endpoint=bad)
    attempted(one.pk)
    attempted(two.pk, state="failed", status_code=500, error="status")
    found = health.of([good.pk, bad.pk])
    assert [found[row.pk].success_percent for row in (good, bad)] == [100, 50]
    with CaptureQueriesContext(connection) as first:
        text = page(as_alice, "/webhooks/")
    assert "100%" in text
    assert "50%" in text
    assert "Failing" in text
    assert "since 3 hours ago" in re.sub(r"<[^>]+>", "", text)
    assert "Disabled" in text
    for number in range(5):
        listen(url=f"https://example.com/{number}")
    with django_assert_num_queries(len(first)):
        page(as_alice, "/webhooks/")


def test_health_is_of_the_last_day(acme: Organization, listen: Listen) -> None:
    one = listen()
    assert health.of([one.pk])[one.pk].success_percent is None
    (delivery,) = happen(acme)
    attempted(delivery)
    assert health.of([one.pk])[one.pk].success_percent == 100
    old = "00000000-0000-7000-8000-000000000000"
    Attempt.objects.all().delete()
    Delivery.objects.update(id=old)
    found = health.of([one.pk])[one.pk]
    assert found.success_percent is None
    assert f"{found.last_id}" == old


# --- Deliveries -------------------------------------------------------------------------------


def test_deliveries_are_filtered_and_paged(
    as_alice: Client, acme: Organization, listen: Listen, django_assert_num_queries: Any
) -> None:
    one = listen()
    made = happen(acme, 45)
    attempted(made[0], state="failed", status_code=None, error="timeout")
    happen(acme, 1, type="top_up.succeeded")
    address = f"/webhooks/{one.pk}/"
    seen = []
    following = address
    while following:
        answer = as_alice.get(following)
        seen += [shown.delivery.pk for shown in answer.context["deliveries"]]
        following = answer.context["older_url"]
    assert len(seen) == len(set(seen)) == 46
    assert seen == sorted(seen, reverse=True)
    failed = page(as_alice, f"{address}?state=failed")
    assert "No complete answer in time" in failed
    assert failed.count('data-label="State"') == 1
    assert page(as_alice, f"{address}?event=top_up.succeeded").count('data-label="State"') == 1
    assert "No such deliveries" in page(as_alice, f"{address}?state=delivering")
    assert page(as_alice, f"{address}?state=odd&event=odd").count('data-label="State"') == 20
    assert as_alice.get(f"{address}?cursor=forged").status_code == 404
    with CaptureQueriesContext(connection) as of_one_row:
        page(as_alice, f"{address}?state=failed")
    with django_assert_num_queries(len(of_one_row)):
        page(as_alice, address)


def test_a_delivery_with_its_attempts(as_alice: Client, acme: Organization, listen: Listen) -> None:
    listen()
    (delivery,) = happen(acme)
    path = f"/webhooks/deliveries/{delivery}/"
    waiting = page(as_alice, path)
    assert "It is on its way" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert as_alice.get(f"{path}live?seen=pending-0").status_code == 204
    attempted(delivery, status_code=500, error="status", state="failed")
    done = as_alice.get(f"{path}live?seen=pending-0").content.decode()
    assert "hx-trigger" not in done
    assert "&lt;b&gt;thanks&lt;/b&gt;" in done
    for words in ("500", "1,234 ms", "#1", f"evt_{Event.objects.get().pk}", "PVideo-Webhooks"):
        assert words in done, words
    assert '"type": "generation.completed"' in html.unescape(done)


def test_a_page_does_not_look_for_what_is_far_off(
    as_alice: Client, acme: Organization, listen: Listen
) -> None:
    listen()
    (delivery,) = happen(acme)
    Delivery.objects.update(attempts=2, next_attempt_at=timezone.now() + timedelta(minutes=5))
    text = page(as_alice, f"/webhooks/deliveries/{delivery}/")
    assert "The next attempt is due" in text
    assert "hx-trigger" not in text
    Delivery.objects.update(
        next_attempt_at=timezone.now(), created_at=timezone.now() - timedelta(hours=1)
    )
    assert "hx-trigger" not in page(as_alice, f"/webhooks/deliveries/{delivery}/")


def test_one_is_replayed(as_alice: Client, acme: Organization, listen: Listen) -> None:
    listen()
    (delivery,) = happen(acme)
    path = f"/webhooks/deliveries/{delivery}/"
    early = as_alice.post(f"{path}replay", follow=True)
    assert b"being delivered already" in early.content
    attempted(delivery)
    assert "Replay</button>" in page(as_alice, path)
    answer = as_alice.post(f"{path}replay", follow=True)
    again = Delivery.objects.exclude(pk=delivery).get()
    assert answer.redirect_chain[0][0] == f"/webhooks/deliveries/{again.pk}/"
    assert again.replay_of_id == delivery
    assert f'href="{path}"' in answer.content.decode()


def test_what_was_missed_is_counted_and_replayed(
    as_alice: Client, acme: Organization, listen: Listen
) -> None:
    one = listen()
    made = happen(acme, 4)
    attempted(made[0])
    for failed in made[1:]:
        attempted(failed, state="failed", status_code=500, error="status")
    Endpoint.objects.update(created_at=timezone.now() - timedelta(days=30))
    with connection.cursor() as cursor:  # a trigger refuses it
        cursor.execute("SET LOCAL session_replication_role = replica")
        old = Event.objects.filter(deliveries=made[1])
        old.update(created_at=timezone.now() - timedelta(days=3))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    path = f"/webhooks/{one.pk}/replay"
    assert "2 events were missed." in page(as_alice, path)
    counted = as_alice.post(path, {"span": "7d", "preview": "1"})
    assert b"3 events were missed." in counted.content
    assert Delivery.objects.count() == 4
    early = {"span": "custom", "since": "2020-01-01T00:00", "zone": "Europe/Berlin"}
    assert b"3 events" in as_alice.post(path, {**early, "preview": "1"}).content
    late = {**early, "since": "2999-01-01T00:00"}
    assert b"Nothing was missed" in as_alice.post(path, {**late, "preview": "1"}).content
    for wrong in ({"span": "custom"}, {"span": "custom", "since": "soon"}, {"span": "x"}):
        assert as_alice.post(path, wrong).status_code == 422
    answer = as_alice.post(path, {"span": "24h"}, follow=True)
    assert b"2 events are being sent again." in answer.content
    assert Delivery.objects.filter(replay_of__isnull=False).count() == 2
    assert replaying.count_missed(acme.pk, one.pk, since=timezone.now() - timedelta(days=1)) == 0
    again = as_alice.post(path, {"span": "24h"}, follow=True)
    assert b"Nothing was missed, so nothing is sent." in again.content


@pytest.mark.django_db(transaction=True)
def test_a_test_event_is_seen_to_arrive(
    as_alice: Client, listen: Listen, receiver: Receiver
) -> None:
    one = listen(url=receiver.on("/hook", reply(b"got it")), event_types=["top_up.succeeded"])
    sent = as_alice.post(f"/webhooks/{one.pk}/test", headers={"HX-Request": "true"})
    text = sent.content.decode()
    assert "webhook-news" in sent["HX-Trigger"]
    found = re.search(r'hx-get="(/webhooks/deliveries/[0-9a-f-]+/test\?seen=pending-0)"', text)
    assert found
    assert as_alice.get(found[1]).status_code == 204
    delivering.drain()
    assert receiver.got("/hook")[0].verified(SECRET)["type"] == "ping"
    done = as_alice.get(found[1])
    assert "webhook-news" in done["HX-Trigger"]
    assert "Delivered" in done.content.decode()
    assert "got it" in done.content.decode()
    assert "hx-get" not in done.content.decode()
    plain = as_alice.post(f"/webhooks/{one.pk}/test")
    assert plain.status_code == 302


# --- Rights -----------------------------------------------------------------------------------


def test_rights(
    as_bob: Client,
    as_viewer: Client,
    as_charlie: Client,
    client: Client,
    acme: Organization,
    listen: Listen,
) -> None:
    one = listen()
    (delivery,) = happen(acme)
    attempted(delivery)
    own, sent = f"/webhooks/{one.pk}/", f"/webhooks/deliveries/{delivery}/"
    for path in (own, sent, f"{sent}live", f"{sent}test"):
        assert as_charlie.get(path).status_code == 404
        assert client.get(path).status_code == 302
        for member in (as_bob, as_viewer):
            text = page(member, path)
            assert "Send test event" not in text
            assert "Replay</button>" not in text
            assert "Signing secret" not in text
    for act in ("secret", "edit", "rotate", "disable", "delete", "replay"):
        assert as_charlie.get(f"{own}{act}").status_code == 404, act
        assert as_bob.get(f"{own}{act}").status_code == 403, act
    for path in (
        *(f"{own}{act}" for act in ("edit", "rotate", "disable", "enable", "delete")),
        *(f"{own}test", f"{own}replay", f"{sent}replay"),
    ):
        assert as_charlie.post(path, FORM).status_code == 404, path
        assert as_bob.post(path, FORM).status_code == 403, path
    assert as_bob.post("/webhooks/new", FORM).status_code == 403
    one.refresh_from_db()
    assert one.is_enabled
    assert Delivery.objects.count() == Endpoint.objects.count() == 1
    assert one.url not in page(as_charlie, "/webhooks/")
    assert "generation.completed</code></a>" not in page(as_charlie, "/webhooks/deliveries/")
    assert "generation.completed</code></a>" in page(as_bob, "/webhooks/deliveries/")


def test_pages_hold_to_the_policy(as_alice: Client, acme: Organization, listen: Listen) -> None:
    one = listen()
    (delivery,) = happen(acme)
    own = f"/webhooks/{one.pk}/"
    for path in (
        *("/webhooks/", "/webhooks/new", own, f"{own}secret", f"{own}edit", f"{own}replay"),
        f"/webhooks/deliveries/{delivery}/",
    ):
        text = page(as_alice, path)
        assert " style=" not in text
        assert not re.findall(r" on[a-z]+=", text)
        assert not re.findall(r"<script(?![^>]*(src=|application/json))", text)
