"""Nothing of the provider behind us shows in what a customer of the compatible API gets."""

import json
from typing import Any

import pytest

from generations.models import Generation
from tests.conftest import Sandbox
from tests.generations.conftest import hurry, the, work_once, work_until_done
from tests.pixazo_api.conftest import Ours
from tests.sandbox.gateway import Receiver
from webhooks import delivering
from webhooks.models import Event


def assert_ours_only(text: str, generation: Generation, sandbox: Sandbox) -> None:
    for secret in (
        generation.provider_request_id,
        generation.provider_media_url,
        sandbox.url,
        "ixazo",
        "sandbox",
        "callbacks/",
        str(generation.organization_id),
        str(generation.price_id),
    ):
        assert not secret or secret not in text, secret


def test_a_finished_one(ours: Ours, sandbox: Sandbox, receiver: Receiver) -> None:
    request_id = ours.accepted(duration=1, headers=receiver.headers)
    status = ours.ended(request_id)
    generation = Generation.objects.get()
    assert generation.provider_request_id
    assert generation.provider_request_id not in request_id
    assert_ours_only(json.dumps(status), generation, sandbox)
    delivering.drain()
    assert_ours_only(json.dumps(receiver.next()), generation, sandbox)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500, 503])
def test_whatever_the_provider_refuses_with(
    ours: Ours, sandbox: Sandbox, receiver: Receiver, status: int
) -> None:
    """Its 400 is shown in its words; the others are none of the customer's business."""
    sandbox.settings(submit_http=status)
    request_id = ours.accepted(duration=1, headers=receiver.headers)
    work_once()
    generation = the(request_id.partition("_")[2])
    body = ours.status(request_id)
    told = [json.dumps(body), *Event.objects.values_list("body", flat=True)]
    # A 500 may come after the job was taken on, which may have ended by now.
    assert body["status"] in ("QUEUED", "PROCESSING", "ERROR", "COMPLETED")
    assert (body["status"] == "ERROR") == (status in (400, 401, 403, 404))
    for text in told:
        if status != 400:
            assert_ours_only(text, generation, sandbox)
        assert "subscription" not in text
        assert "wallet" not in text
    Generation.objects.filter(pk=generation.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=None
    )


def test_a_file_that_cannot_be_had(
    ours: Ours, sandbox: Sandbox, receiver: Receiver, settings: Any
) -> None:
    """COMPLETED promises a file to download; without one it is FAILED, with a reason."""
    settings.MEDIA_MAX_ATTEMPTS = 1
    request_id = ours.accepted("sandbox:media-missing", duration=1, headers=receiver.headers)
    work_until_done()
    hurry()
    body = ours.status(request_id)
    assert (body["status"], body["output"]) == ("FAILED", None)
    assert "could not be" in body["error"]
    delivering.drain()
    assert receiver.next()["status"] == "FAILED"
    assert_ours_only(json.dumps(body), Generation.objects.get(), sandbox)
