"""Webhook endpoints, deliveries and events by the API: what it takes, gives, and hides."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization, Scope, User
from tests.webhooks.conftest import SECRET, happen, hurry
from tests.webhooks.receiver import Receiver, in_turn, reply
from webhooks import delivering, endpoints
from webhooks.models import Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db(transaction=True)

Listen = Callable[..., Endpoint]
URL = "https://example.com/hook"


class Program:
    """A customer's program with a key."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


@pytest.fixture
def api(key: str) -> Program:
    return Program(key)


@pytest.fixture
def stranger(charlie: User) -> Program:
    return Program(api_keys.create(charlie.organizations.get(), name="c")[1])


def test_an_endpoint_is_made_read_changed_and_deleted(api: Program) -> None:
    made = api("POST", "webhook-endpoints", {"url": URL, "description": "prod"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert made.headers["Location"] == f"/api/v1/webhook-endpoints/{body['id']}"
    assert body["secret"].startswith("whsec_")
    assert (body["url"], body["event_types"], body["enabled"]) == (URL, ["*"], True)
    path = f"webhook-endpoints/{body['id']}"

    without = {name: value for name, value in body.items() if name != "secret"}
    assert api("GET", path).json() == without
    assert api("GET", "webhook-endpoints").json()["results"] == [without]
    assert api("GET", f"{path}/secret").json()["secret"] == body["secret"]

    types = ["generation.failed", "generation.completed"]
    changed = api("PATCH", path, {"event_types": types, "enabled": False}).json()
    assert (changed["event_types"], changed["enabled"]) == (types, False)
    assert changed["disabled_reason"] == "customer"
    assert api("PATCH", path, {"enabled": True}).json()["enabled"] is True
    assert api("PATCH", path, {}).json()["event_types"] == types

    assert api("DELETE", path).status_code == 204
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/test")):
        assert api(method, path + below).status_code == 404
    assert api("GET", "webhook-endpoints").json()["results"] == []
    assert bytes(Endpoint.objects.get().secret_sealed) == b""


def test_the_secret_is_sealed_in_the_database(api: Program) -> None:
    secret = api("POST", "webhook-endpoints", {"url": URL}).json()["secret"]
    sealed = bytes(Endpoint.objects.get().secret_sealed)
    assert secret.encode() not in sealed
    assert secret.removeprefix("whsec_").encode() not in sealed


def test_a_replaced_secret_key_with_its_fallback_still_opens_it(
    api: Program, settings: Any
) -> None:
    made = api("POST", "webhook-endpoints", {"url": URL}).json()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [settings.SECRET_KEY]
    assert endpoints.keys_of(Endpoint.objects.get()) == (made["secret"],)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/url"]),
        ({"url": 1}, ["/url"]),
        ({"url": "http://example.com/"}, ["/url"]),
        ({"url": "https://127.0.0.1/"}, ["/url"]),
        ({"url": "https://169.254.169.254/latest"}, ["/url"]),
        ({"url": "https://user:secret@example.com/"}, ["/url"]),
        ({"url": "https://example.com/\r\nX-Evil: 1"}, ["/url"]),
        ({"url": "https://example.com/" + "x" * 3000}, ["/url"]),
        ({"url": "ftp://example.com/"}, ["/url"]),
        ({"url": URL, "event_types": []}, ["/event_types"]),
        ({"url": URL, "event_types": ["generation.exploded"]}, ["/event_types"]),
        ({"url": URL, "event_types": ["*", "x"]}, ["/event_types"]),
        ({"url": URL, "event_types": ["ping"]}, ["/event_types"]),
        ({"url": URL, "event_types": "*"}, ["/event_types"]),
        ({"url": URL, "description": "x" * 201}, ["/description"]),
        ({"url": URL, "description": "\x00"}, ["/description"]),
        ({"url": URL, "enabled": True}, ["/enabled"]),
        ({"url": URL, "a/b~c": True, "description": 1}, ["/a~1b~0c", "/description"]),
    ],
)
def test_what_is_wrong_is_named(
    api: Program, settings: Any, body: Any, pointers: list[str]
) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    answer = api("POST", "webhook-endpoints", body)
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert problem["code"] == "invalid_parameters"
    assert [one["pointer"] for one in problem["errors"]] == pointers
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "{", '{"url": NaN}', '{"url":1,"url":2}', ""])
def test_what_is_no_object_is_refused(api: Program, body: str) -> None:
    answer = api.client.post("/api/v1/webhook-endpoints", body, content_type="application/json")
    assert answer.status_code == 400


def test_there_is_a_most_of_endpoints(api: Program, settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_MAX = 2
    codes = [api("POST", "webhook-endpoints", {"url": URL}).status_code for _ in range(3)]
    assert codes == [201, 201, 409]


def test_a_repeated_creation_makes_one(api: Program) -> None:
    answers = [
        api("POST", "webhook-endpoints", {"url": URL}, Idempotency_Key="one") for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert Endpoint.objects.count() == 1


def test_keys_need_the_scope(acme: Organization, listen: Listen) -> None:
    reader = Program(api_keys.create(acme, name="r", scopes=[Scope.WEBHOOKS_READ])[1])
    path = f"webhook-endpoints/{listen().pk}"
    assert reader("GET", path).status_code == 200
    assert reader("GET", f"{path}/secret").status_code == 403
    for method, below in (("POST", "/test"), ("PATCH", ""), ("DELETE", "")):
        assert reader(method, path + below, {}).status_code == 403
    other = Program(api_keys.create(acme, name="o", scopes=[Scope.WALLET_READ])[1])
    for name in ("endpoints", "deliveries", "events"):
        assert reader("GET", f"webhook-{name}").status_code == 200
        assert other("GET", f"webhook-{name}").status_code == 403


def test_a_stranger_finds_nothing(
    acme: Organization, api: Program, stranger: Program, listen: Listen
) -> None:
    endpoint = listen()
    (delivery,) = happen(acme)
    event = Event.objects.get().public_id
    unknown = str(uuid.uuid4())
    for method, path, body in (
        ("GET", "webhook-endpoints/{}", None),
        ("GET", "webhook-endpoints/{}/secret", None),
        ("PATCH", "webhook-endpoints/{}", {"enabled": False}),
        ("DELETE", "webhook-endpoints/{}", None),
        ("POST", "webhook-endpoints/{}/rotate-secret", {}),
        ("POST", "webhook-endpoints/{}/test", None),
        ("POST", "webhook-endpoints/{}/replay", {"since": "2026-01-01T00:00:00Z"}),
    ):
        answers = [stranger(method, path.format(pk), body) for pk in (endpoint.pk, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert _without_id(answers[0]) == _without_id(answers[1])
    for method, path in (
        ("GET", f"webhook-deliveries/{delivery}"),
        ("POST", f"webhook-deliveries/{delivery}/replay"),
        ("GET", f"webhook-events/{event}"),
    ):
        assert stranger(method, path).status_code == 404
    for name in ("endpoints", "deliveries", "events"):
        assert stranger("GET", f"webhook-{name}").json()["results"] == []
    assert stranger("GET", f"webhook-deliveries?endpoint={endpoint.pk}").json()["results"] == []
    assert Endpoint.objects.get(pk=endpoint.pk).is_enabled
    assert Delivery.objects.count() == 1


def _without_id(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_a_test_event_goes_to_that_endpoint_alone(
    api: Program, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/one"), event_types=["generation.failed"])
    listen(url=receiver.on("/other"))
    answer = api("POST", f"webhook-endpoints/{endpoint.pk}/test")
    assert answer.status_code == 202
    assert answer.json()["event_type"] == "ping"
    delivering.drain()
    (request,) = receiver.requests
    assert request.path == "/one"
    assert request.verified(SECRET)["type"] == "ping"
    assert api("GET", f"webhook-deliveries/{answer.json()['id']}").json()["state"] == "delivered"


def test_rotation_signs_with_both_for_a_while(
    acme: Organization, api: Program, receiver: Receiver
) -> None:
    made = api("POST", "webhook-endpoints", {"url": receiver.on("/hook")}).json()
    path = f"webhook-endpoints/{made['id']}"
    rotated = api("POST", f"{path}/rotate-secret", {"overlap_seconds": 3600})
    assert rotated.status_code == 200, rotated.content
    new = rotated.json()["secret"]
    assert new != made["secret"]
    assert rotated.json()["previous_secret_until"] is not None

    happen(acme)
    delivering.drain()
    (first,) = receiver.got("/hook")
    assert first.verified(made["secret"]) == first.verified(new)
    assert len(first.headers["webhook-signature"].split()) == 2

    Endpoint.objects.update(previous_secret_until=timezone.now())
    happen(acme)
    delivering.drain()
    last = receiver.got("/hook")[-1]
    assert last.verified(new)
    with pytest.raises(Exception, match="No matching signature"):
        last.verified(made["secret"])

    at_once = api("POST", f"{path}/rotate-secret", {"overlap_seconds": 0}).json()
    assert at_once["previous_secret_until"] is None
    assert endpoints.keys_of(Endpoint.objects.get()) == (at_once["secret"],)
    for wrong in ({"overlap_seconds": -1}, {"overlap_seconds": True}, {"overlap": 1}):
        assert api("POST", f"{path}/rotate-secret", wrong).status_code == 400


def test_one_delivery_is_replayed_with_its_id(
    acme: Organization, api: Program, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook"))
    (one,) = happen(acme)
    open_still = api("POST", f"webhook-deliveries/{one}/replay")
    assert (open_still.status_code, open_still.json()["code"]) == (409, "delivery_open")
    delivering.drain()

    again = api("POST", f"webhook-deliveries/{one}/replay")
    assert again.status_code == 202, again.content
    assert again.json()["replay_of"] == str(one)
    assert api("POST", f"webhook-deliveries/{one}/replay").status_code == 409
    delivering.drain()

    first, second = receiver.got("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    endpoints.update(acme.pk, endpoint.pk, enabled=False)
    refused = api("POST", f"webhook-deliveries/{one}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")


def test_all_that_was_missed_is_replayed_once(
    acme: Organization, api: Program, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = []
    answer = in_turn(*[reply(b"", 500)] * 3, reply(b"ok"))
    endpoint = listen(url=receiver.on("/hook", answer), event_types=["generation.completed"])
    since = timezone.now().isoformat()
    failed = happen(acme, 3)
    delivering.drain()
    endpoints.update(acme.pk, endpoint.pk, enabled=False)
    happen(acme, 2)  # missed
    happen(acme, 2, type="generation.failed")  # not wanted
    path = f"webhook-endpoints/{endpoint.pk}/replay"
    assert api("POST", path, {"since": since}).status_code == 409
    endpoints.update(acme.pk, endpoint.pk, enabled=True)
    happen(acme)
    delivering.drain()  # delivered

    answers = [api("POST", path, {"since": since}) for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    assert [one.json()["replayed"] for one in answers] == [5, 0]
    delivering.drain()
    assert api("POST", path, {"since": since}).json() == {"replayed": 0}
    ids = [request.headers["webhook-id"] for request in receiver.got("/hook")]
    assert len(ids) == 3 + 1 + 5
    assert len(set(ids)) == 6
    replayed = Delivery.objects.filter(replay_of__isnull=False)
    assert {one.replay_of_id for one in replayed} == set(failed)
    for wrong in ({}, {"since": "yesterday"}, {"since": 1}, {"since": since, "x": 1}):
        assert api("POST", path, wrong).status_code == 400


def test_the_log_shows_every_attempt_also_of_a_deleted_endpoint(
    acme: Organization, api: Program, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook", in_turn(reply(b"oops", 500), reply(b"fine"))))
    (one,) = happen(acme)
    delivering.drain()
    hurry()
    delivering.drain()
    endpoints.delete(acme.pk, endpoint.pk)

    found = api("GET", f"webhook-deliveries/{one}").json()

    log = [(e["number"], e["status_code"], e["error"], e["response"]) for e in found["attempt_log"]]
    assert log == [(1, 500, "status", "oops"), (2, 200, None, "fine")]
    event = api("GET", f"webhook-events/{found['event']}").json()
    assert event["payload"] == json.loads(receiver.got("/hook")[0].body)
    assert api("GET", "webhook-events").json()["results"] == [event]
    assert api("GET", f"webhook-deliveries?endpoint={endpoint.pk}").json()["results"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=pending", 3),
        ("state=failed", 0),
        ("event_type=generation.failed", 1),
        ("created_after=2020-01-01T00:00:00Z", 3),
        ("created_before=2020-01-01T00:00:00Z", 0),
        ("limit=2", 2),
        ("order=oldest", 3),
    ],
)
def test_deliveries_are_filtered(
    acme: Organization, api: Program, listen: Listen, query: str, count: int
) -> None:
    listen()
    happen(acme, 2)
    happen(acme, type="generation.failed")
    found = api("GET", f"webhook-deliveries?{query}").json()
    assert len(found["results"]) == count


@pytest.mark.parametrize(
    "query",
    ["state=odd", "endpoint=x", "event=evt_1", "cursor=x", "created_after=x", "odd=1", "limit=0"],
)
def test_a_wrong_query_is_named(api: Program, query: str) -> None:
    answer = api("GET", f"webhook-deliveries?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["webhook-events/evt_x", "webhook-events/x", "webhook-events/"])
def test_an_odd_event_id_is_not_found(api: Program, path: str) -> None:
    assert api("GET", path).status_code == 404


@pytest.mark.parametrize("path", ["webhook-deliveries", "webhook-events", "webhook-endpoints"])
def test_a_list_costs_the_same_for_many(
    acme: Organization, api: Program, listen: Listen, path: str
) -> None:
    listen()
    happen(acme)
    api("GET", path)
    with CaptureQueriesContext(connection) as few:
        api("GET", path)
    for _ in range(4):
        listen()
    happen(acme, 4)
    with CaptureQueriesContext(connection) as many:
        api("GET", path)
    assert len(many) == len(few)
