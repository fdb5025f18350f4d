"""Every operation of the description, with every key that may not use it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey, Organization, Scope
from pvideo_platform import openapi
from tests.generations.conftest import Api

OPERATIONS = [
    (path, method, operation)
    for path, operations in openapi.document()["paths"].items()
    for method, operation in operations.items()
]
ELSEWHERE = ("203.0.113.0/24",)
SPOOFED = {"X-Forwarded-For": "203.0.113.5", "X-Real-IP": "203.0.113.5"}


@pytest.fixture
def refused(acme: Organization) -> dict[str, str]:
    """Secrets that open nothing, by the code that they are refused with."""
    revoked, revoked_secret = api_keys.create(acme, name="revoked")
    api_keys.revoke(revoked)
    expired, expired_secret = api_keys.create(acme, name="expired")
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    bound = api_keys.create(acme, name="bound", allowed_networks=ELSEWHERE)[1]
    return {
        "": "not_authenticated",
        f"pv_{'x' * 43}": "not_authenticated",
        revoked_secret: "not_authenticated",
        expired_secret: "not_authenticated",
        bound: "network_not_allowed",
    }


def test_no_operation_is_open_to_a_key_that_is_none(refused: dict[str, str]) -> None:
    programs = [(Api(secret), code) for secret, code in refused.items()]
    for path, method, _ in OPERATIONS:
        for program, code in programs:
            answer = ask(program, path, method, SPOOFED)
            assert answer.json()["code"] == code, (method, path)


def test_no_operation_is_open_to_a_key_without_its_scope(acme: Organization) -> None:
    lacking = {
        scope: Api(api_keys.create(acme, name="lacking", scopes={*Scope.values} - {scope})[1])
        for scope in Scope.values
    }
    for path, method, operation in OPERATIONS:
        if scope := operation["x-scope"]:
            problem = ask(lacking[scope], path, method).json()
            assert problem["code"] == "not_allowed", (method, path)
            assert scope in problem["detail"]


def ask(program: Api, path: str, method: str, headers: Any = None) -> Any:
    """Of things that are not there: who may not ask does not learn even that."""
    filled = path.replace("{model}", "p-video")
    for name in ("generation", "upload", "top_up", "delivery", "endpoint", "event", "key"):
        filled = filled.replace(f"{{{name}_id}}", str(uuid.UUID(int=1)))
    assert "{" not in filled
    return program.client.generic(method.upper(), filled, headers=headers)
