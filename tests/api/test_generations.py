"""Retrieving, deleting and getting generations, and what is on sale."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization, User
from billing.models import Entry, Price
from generations import media_links, tasks
from generations.models import Generation, Media, State
from generations.parameters import LANGUAGES, PARAMETERS
from tests.conftest import assert_books_balance
from tests.generations.conftest import Api
from tests.web.conftest import Make, move


@pytest.fixture
def finished(api: Api, make: Make) -> Generation:
    """A completed video whose files are there."""
    row = make(duration=2)
    for field in ("video", "poster"):
        default_storage.save(str(getattr(row.media, field).name), ContentFile(field.encode()))
    return row


def local(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


# --- Asking twice ------------------------------------------------------------------------------


def test_the_first_answer_is_repeated_to_the_byte(committed: Api) -> None:
    """What the database keeps as `jsonb` has lost the order of its members."""
    body = {
        "model": "p-video",
        "input": {"prompt": "p", "duration": 1},
        "metadata": {"z": 1, "aa": 1e2, "b": [{"y": 1, "x": "\u00e9"}]},
    }
    first = committed.post("generations", body, Idempotency_Key="g-1")
    again = committed.post("generations", body, Idempotency_Key="g-1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    for header in ("Content-Type", "Location"):
        assert first[header] == again[header]
    assert again["Idempotency-Replayed"] == "true"


# --- Content ----------------------------------------------------------------------------------


def test_content_leads_to_a_signed_link(api: Api, finished: Generation) -> None:
    for variant, content in (("", b"video"), ("?variant=video", b"video"),
                             ("?variant=poster", b"poster")):  # fmt: skip
        answer = api.get(f"generations/{finished.pk}/content{variant}")
        assert answer.status_code == 302
        assert answer["Cache-Control"] == "no-store"
        file: Any = Client().get(local(answer["Location"]))
        assert b"".join(file.streaming_content) == content


def test_content_that_is_not_there_says_so(api: Api, finished: Generation, make: Make) -> None:
    answer = api.get(f"generations/{finished.pk}/content?variant=preview")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_content_yet")
    row = make(state=State.PROCESSING)
    answer = api.get(f"generations/{row.pk}/content")
    assert (answer.status_code, answer.json()["generation_status"]) == (409, "processing")
    assert api.get(f"generations/{row.pk}/content?variant=gif").status_code == 400


# --- Deletion ---------------------------------------------------------------------------------


def test_deleting_removes_the_files_and_hides_it_and_keeps_the_money(
    api: Api, finished: Generation, alice: User
) -> None:
    media = finished.media
    link = local(media_links.video_url(finished))
    entries = Entry.objects.count()
    assert api.delete(f"generations/{finished.pk}").status_code == 204
    assert api.delete(f"generations/{finished.pk}").status_code == 404
    assert api.get(f"generations/{finished.pk}").status_code == 404
    assert api.get(f"generations/{finished.pk}/content").status_code == 404
    assert api.post(f"generations/{finished.pk}/cancel", {}).status_code == 404
    assert api.get("generations").json()["results"] == []
    assert not default_storage.exists(str(media.video.name))
    assert not default_storage.exists(str(media.poster.name))
    assert Client().get(link).status_code == 404
    browser = Client()
    browser.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert browser.get(f"/gallery/{finished.pk}/").status_code == 404
    assert str(finished.pk) not in browser.get("/gallery/").content.decode()
    assert Entry.objects.count() == entries
    usage = api.get("usage").json()["total"]
    assert (usage["generations"], usage["charged"]) == (1, "0.040000")
    assert_books_balance()


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING, State.PROCESSING])
def test_what_is_open_is_not_deleted(api: Api, make: Make, state: str) -> None:
    row = make(state=state)
    answer = api.delete(f"generations/{row.pk}")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_delete")
    assert api.get(f"generations/{row.pk}").status_code == 200


def test_a_stranger_deletes_nothing(api: Api, finished: Generation, charlie: User) -> None:
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert stranger.delete(f"generations/{finished.pk}").status_code == 404
    assert stranger.get(f"generations/{finished.pk}/content").status_code == 404
    assert api.get(f"generations/{finished.pk}").status_code == 200


def test_a_file_that_comes_after_the_deletion_is_removed(api: Api, make: Make) -> None:
    """An expired job may still complete: its customer did not want it any more."""
    row = make(state=State.EXPIRED)
    assert api.delete(f"generations/{row.pk}").status_code == 204
    name = default_storage.save(f"{row.pk}.mp4", ContentFile(b"late"))
    Media.objects.create(
        generation=row, organization_id=row.organization_id, video=name, duration_ms=1, width=1,
        height=1, fps="1", codec="h264", has_audio=False, size_bytes=4,
    )  # fmt: skip
    tasks.sweep()
    assert not default_storage.exists(name)
    assert not Media.objects.exists()


# --- Cancelling -------------------------------------------------------------------------------


def test_canceling_repeated_with_its_key_gives_the_first_answer(committed: Api) -> None:
    made = committed.make()
    path = f"generations/{made['id']}/cancel"
    first = committed.post(path, {}, Idempotency_Key="c-1")
    again = committed.post(path, {}, Idempotency_Key="c-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert committed.post(path, {}).json()["code"] == "cannot_cancel"


def test_canceling_takes_nothing(api: Api, make: Make) -> None:
    row = make(state=State.QUEUED)
    path = f"generations/{row.pk}/cancel"
    for headers in ({}, {"Idempotency_Key": "k"}):
        answer = api.post(path, {"refund": "double"}, **headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
        assert answer.json()["errors"][0]["pointer"] == "/refund"
    assert api.post(path, []).json()["code"] == "invalid_json"
    spoilt = api.client.generic(
        "POST", f"/api/v1/{path}", b"{not json", content_type="application/json"
    )
    assert spoilt.json()["code"] == "invalid_json"
    row.refresh_from_db()
    assert row.state == State.QUEUED
    empty = api.client.generic("POST", f"/api/v1/{path}", b"", content_type="application/json")
    assert empty.status_code == 200, empty.content


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNCONFIRMED, State.PROCESSING])
def test_what_was_sent_cannot_be_canceled_and_that_is_said(
    api: Api, make: Make, state: str
) -> None:
    row = make(state=state)
    answer = api.post(f"generations/{row.pk}/cancel", {})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "cannot_cancel"
    assert "sent to the model" in problem["detail"]
    assert problem["generation_status"] == row.public_status
    assert move(row, State.COMPLETED).charged_micros == row.quoted_micros


# --- What is on sale --------------------------------------------------------------------------


def test_models_say_what_they_take_and_cost(api: Api) -> None:
    found = {one["id"]: one for one in api.get("models").json()["results"]}
    assert set(found) == set(PARAMETERS)
    for name, model in found.items():
        assert api.get(f"models/{name}").json() == model
        assert set(model["parameters"]["properties"]) == {one.name for one in PARAMETERS[name]}
        for example in model["examples"]:
            quote = api.post("quotes", {"model": name, "input": example["input"]})
            assert quote.status_code == 200, quote.content
    assert len(found["p-video-avatar"]["voices"]) == 30
    assert found["p-video-avatar"]["languages"] == list(LANGUAGES)
    assert {(one["resolution"], one["draft"]) for one in found["p-video"]["prices"]} == {
        ("720p", False), ("720p", True), ("1080p", False), ("1080p", True),
    }  # fmt: skip
    assert api.get("models/p-audio").status_code == 404


def test_prices_are_those_in_force_for_the_organization(
    api: Api, acme: Organization, charlie: User
) -> None:
    def price() -> dict[str, Any]:
        found = api.get("prices").json()["results"]
        assert len(found) == len({(one["model"], one["resolution"], one["draft"]) for one in found})
        return next(
            one
            for one in found
            if (one["model"], one["resolution"], one["draft"]) == ("p-video", "720p", False)
        )

    assert (price()["price_per_second"], price()["own_price"]) == ("0.020000", False)
    make_price(charlie.organizations.get(), 1)
    make_price(None, 2, in_hours=1)
    assert price()["price_per_second"] == "0.020000"
    make_price(acme, 7_000)
    assert (price()["price_per_second"], price()["own_price"]) == ("0.007000", True)
    quote = api.post("quotes", {"model": "p-video", "input": {"prompt": "p"}}).json()
    assert (quote["price_per_second"], quote["own_price"]) == ("0.007000", True)


def make_price(organization: Organization | None, micros: int, *, in_hours: int = 0) -> Price:
    return Price.objects.create(
        organization=organization, model="p-video", resolution="720p",
        effective_from=timezone.now() + timedelta(hours=in_hours),
        customer_micros_per_second=micros, provider_micros_per_second=1,
    )  # fmt: skip


def test_a_script_is_quoted_as_an_estimate(api: Api) -> None:
    body = {
        "model": "p-video-avatar",
        "input": {"image": "https://example.com/a.png", "voice_script": "x" * 95},
    }
    quote = api.post("quotes", body).json()
    assert (quote["basis"], quote["estimated"], quote["seconds"]) == ("script", True, 12)
