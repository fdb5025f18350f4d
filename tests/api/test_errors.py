"""Every refusal is a problem document: bodies that cannot be read, addresses that are none."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework import serializers

from generations.models import Generation
from pvideo_platform import problems, urls
from tests.api import contract
from tests.generations.conftest import Api

GOOD = {"model": "p-video", "input": {"prompt": "p"}}
ID = "0199a6c4-7c1e-7d30-9f6b-1a2b3c4d5e6f"
DEEP = b'{"model": "p-video", "input": {"prompt": "p"}, "metadata": '


def raw(api: Api, body: bytes, kind: str = "application/json", **headers: str) -> Any:
    return api.client.post("/api/v1/generations", body, content_type=kind, headers=headers or None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_parameters"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"null", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b"{} {}", "invalid_json"),
        (b'{"model": "\xff"}', "invalid_json"),
        (b"\xff\xfe{\x00}\x00", "invalid_json"),
        (b'{"model": "p-video", "model": "p-video"}', "invalid_json"),
        (b'{"model": "p-video", "input": {"seed": NaN}}', "invalid_json"),
        (b'{"model": "p-video", "input": {"seed": 1e999}}', "invalid_json"),
        (b'{"model": "p-video", "input": {"seed": ' + b"9" * 5000 + b"}}", "invalid_json"),
        (DEEP + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "invalid_json"),
        (DEEP + b'{"a":' * 64 + b"1" + b"}" * 65, "invalid_json"),
        (DEEP + b'{"a":' + b"[" * 63 + b"]" * 63 + b"}}", "invalid_json"),
        (DEEP + b'{"a":' + b"[" * 62 + b"]" * 62 + b"}}", ""),
        (b'{"model": "p-video", "input": {"prompt": "a\\u0000b"}}', "invalid_parameters"),
        (b'{"model": "p-video", "input": {"prompt": "\\ud800"}}', "invalid_parameters"),
        (b'{"model": "p-video", "input": []}', "invalid_parameters"),
        (b'{"input": {"prompt": "p"}}', "invalid_parameters"),
        (b'{"model": 1, "input": {"prompt": "p"}}', "invalid_parameters"),
        (b'{"model": "p-audio", "input": {}}', "invalid_parameters"),
    ],
)
def test_a_body_that_cannot_be_read(committed: Api, body: bytes, code: str) -> None:
    answer = raw(committed, body)
    if not code:
        assert answer.status_code == 202, answer.content
        return
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.content
    assert Generation.objects.count() == 0


def test_metadata_is_measured_in_bytes_of_utf_8(committed: Api) -> None:
    room = 16_384 - len('{"a":""}')
    for text, status in (("\u00e9" * (room // 2), 202), ("x" * room, 202), ("x" * (room + 1), 400)):
        answer = committed.post("generations", {**GOOD, "metadata": {"a": text}})
        assert answer.status_code == status, answer.content


def test_what_would_be_ignored_is_refused_by_name(api: Api) -> None:
    body = {**GOOD, "a/b~c": 1, "input": {"prompt": "p", "x/y": 1, "duration": 0}}
    errors = api.post("generations", body).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("/a~1b~0c", "unknown")]
    body.pop("a/b~c")
    errors = api.post("generations", body).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/input/x~1y", "unknown"),
        ("/input/duration", "invalid"),
    ]
    assert all(one["message"] for one in errors)


def test_sizes_types_and_wishes(api: Api) -> None:
    text = json.dumps(GOOD).encode()
    answer = raw(api, text + b" " * 20_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        answer = raw(api, text, kind)
        assert answer.status_code == 415, kind
        assert "`Content-Type: application/json`" in answer.json()["detail"]
    assert raw(api, text, Accept="text/html").status_code == 406
    chunked = raw(api, b"", **{"Transfer-Encoding": "chunked"})
    assert chunked.status_code in (400, 411)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/api/", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v2/generations", 404),
        ("POST", "/api/nothing", 404),
        ("GET", "/api/v1/generations/x", 404),
        ("GET", "/api/v1/generations/%00", 404),
        ("GET", "/api/v1/generations/%FF", 404),
        ("PUT", "/api/v1/generations", 405),
        ("OPTIONS", "/api/v1/generations", 405),
        ("TRACE", "/api/v1/generations", 405),
        ("BREW", "/api/v1/generations", 405),
        ("POST", "/api/v1/models", 405),
        ("DELETE", "/api/schema/", 405),
        ("POST", "/api/docs/", 405),
    ],
)
def test_no_address_below_api_answers_html(
    api: Api, method: str, address: str, status: int
) -> None:
    answer = api.client.generic(method, address, headers={"Accept": "*/*"})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["X-Request-ID"]
    contract.check_problem(answer.json(), status)
    if status == 405:
        assert answer["Allow"]
        assert method not in answer["Allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "wallet"),
        ("GET", f"generations/{ID}"),
        ("POST", "generations"),
        ("POST", f"generations/{ID}/cancel"),
        ("PATCH", f"api-keys/{ID}"),
        ("DELETE", f"webhook-endpoints/{ID}"),
    ],
)
def test_a_query_that_would_be_ignored_is_refused_by_name(api: Api, method: str, path: str) -> None:
    answer = api.client.generic(
        method, f"/api/v1/{path}?draft=true", json.dumps(GOOD), content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "draft"
    assert answer.json()["detail"].startswith("draft is not known")


def test_not_even_a_mistake_of_ours(db: None, settings: Any, monkeypatch: Any) -> None:
    def fails(request: Any) -> Any:
        raise RuntimeError("secret internals")

    monkeypatch.setattr(urls, "urlpatterns", [path("api/v1/fails", fails), *urls.urlpatterns])
    from django.urls import clear_url_caches

    clear_url_caches()
    try:
        answer = Client(raise_request_exception=False).get("/api/v1/fails")
    finally:
        monkeypatch.undo()
        clear_url_caches()
    assert answer.status_code == 500
    contract.check_problem(answer.json(), 500)
    assert answer["X-Request-ID"] == answer.json()["request_id"]
    assert b"secret" not in answer.content


def test_a_serializers_errors_have_pointers() -> None:
    class Inner(serializers.Serializer[Any]):
        size = serializers.IntegerField()

    class Outer(serializers.Serializer[Any]):
        name = serializers.CharField()
        parts = Inner(many=True)
        tags = serializers.ListField(child=serializers.IntegerField())

    given = Outer(data={"parts": [{"size": 1}, {"size": "x"}], "tags": [1, "y"]})
    assert not given.is_valid()
    found = list(problems._of_serializer(given.errors))
    assert [(one["pointer"], one["code"]) for one in found] == [
        ("/name", "required"),
        ("/parts/1/size", "invalid"),
        ("/tags/1", "invalid"),
    ]
