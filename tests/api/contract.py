"""Holds every answer of the API against its own description."""

import json
import re
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from pvideo_platform import openapi

BASE = "urn:api"


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(openapi.document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(BASE, resource)
    return registry


@cache
def _validator(*steps: str) -> jsonschema.Draft202012Validator:
    """Of the schema at a place in the document."""
    pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
    return jsonschema.Draft202012Validator(
        {"$ref": f"{BASE}#/{pointer}"},
        registry=_registry(),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in openapi.document()["paths"]
    ]


def operation(method: str, address: str) -> tuple[str, dict[str, Any]] | None:
    """The path and the operation of the description that a call was for."""
    path = address.partition("?")[0]
    for pattern, described in _patterns():
        if pattern.fullmatch(path):
            found = openapi.document()["paths"][described].get(method.lower())
            return (described, found) if found else None
    return None


def check(method: str, address: str, status: int, headers: Any, body: bytes) -> None:
    """Assert that an answer is one that the description promises."""
    kind = (headers.get("Content-Type") or "").partition(";")[0]
    assert headers.get("X-Request-ID"), (method, address)
    found = operation(method, address)
    if found is None:  # no such address or method: a problem all the same
        assert status in (404, 405), (method, address, status)
        assert kind == "application/problem+json", (method, address, kind)
        check_problem(json.loads(body), status)
        return
    path, described = found
    answer = described["responses"].get(str(status))
    assert answer, f"{method} {path} answered {status}, which is not described: {body[:500]!r}"
    for name in answer.get("headers", {}):
        if name in ("Location", "WWW-Authenticate"):
            assert headers.get(name), (method, path, name)
    content = answer.get("content", {})
    if not content:
        assert not body, (method, path, status)
        return
    assert kind in content, f"{method} {path} {status} is {kind}, described are {list(content)}"
    if kind.endswith("json"):
        steps = ("paths", path, method.lower(), "responses", str(status), "content", kind, "schema")
        said = json.loads(body)
        errors = list(_validator(*steps).iter_errors(said))
        assert not errors, f"{method} {path} {status}: {errors[0].json_path} {errors[0].message}"
    if status >= 400:
        check_problem(json.loads(body), status)
        code = json.loads(body)["code"]
        assert code in answer["x-codes"], f"{method} {path}: {code} is not described"


def check_problem(said: dict[str, Any], status: int) -> None:
    _validator("components", "schemas", "Problem").validate(said)
    assert said["status"] == status
    assert said["type"] == f"/problems/{said['code']}"
    assert said["request_id"]
    if said["code"] == "invalid_parameters":
        assert said["errors"]
