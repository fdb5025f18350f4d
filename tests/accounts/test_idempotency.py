"""Acts with an Idempotency-Key: once, whatever is repeated, at once, refused or killed."""

import contextlib
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts import api_keys, idempotency
from accounts.models import ApiKey, IdempotencyRecord, Organization, User
from tests.generations.conftest import PROMPT, Api, at_once

BODY = {"name": "Made once", "scopes": ["usage:read"]}
HASH = idempotency.fingerprint("POST", "/here", "{}")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def program(key: str) -> Api:
    return Api(key)


def made() -> int:
    return ApiKey.objects.filter(name="Made once").count()


def create(program: Api, key: str = "order-1", **changes: Any) -> Any:
    return program.post("api-keys", {**BODY, **changes}, Idempotency_Key=key)


def test_a_repetition_gets_the_first_answer(program: Api) -> None:
    first = create(program)
    again = create(program)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["Content-Type"] == again.headers["Content-Type"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert made() == 1


def test_what_is_kept_of_an_answer_is_sealed(program: Api) -> None:
    secret = create(program).json()["secret"]
    kept = IdempotencyRecord.objects.get()
    assert secret.encode() not in bytes(kept.body)
    assert kept.status == 201


def test_order_of_members_does_not_make_another_request(program: Api) -> None:
    create(program)
    turned = dict(reversed(BODY.items()))
    assert program.post("api-keys", turned, Idempotency_Key="order-1").status_code == 201
    assert made() == 1


def test_another_request_with_the_key_is_refused(program: Api) -> None:
    first = create(program).json()
    other_body = create(program, scopes=["wallet:read"])
    other_path = program.post(f"api-keys/{first['id']}/rotate", {}, Idempotency_Key="order-1")
    for answer in (other_body, other_path):
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_mismatch"
    assert made() == 1
    assert ApiKey.objects.get(name="Made once").rotated_at is None


@pytest.mark.parametrize("bad", ["x" * 256, "a\x7fb"])
def test_a_key_is_printable_and_short(program: Api, bad: str) -> None:
    answer = create(program, bad)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["header"] == "Idempotency-Key"
    assert create(program, "x" * 255).status_code == 201


def test_a_refusal_leaves_the_key_unused(program: Api) -> None:
    assert create(program, scopes=["everything"]).status_code == 400
    assert not IdempotencyRecord.objects.exists()
    assert create(program).status_code == 201


def test_organizations_do_not_share_keys(program: Api, charlie: User) -> None:
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert create(program).status_code == create(stranger).status_code == 201
    assert made() == 2


def test_twenty_at_once_act_once(program: Api) -> None:
    answers = at_once(*[partial(create, program)] * 20)

    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}, codes
    done = [answer for answer in answers if answer.status_code == 201]
    assert Counter("Idempotency-Replayed" in answer.headers for answer in done)[False] == 1
    assert len({answer.content for answer in done}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_key_in_use"
            assert answer.headers["Retry-After"] == "1"
    assert made() == 1


def act(organization: Organization, while_running: Callable[[], Any] = lambda: None) -> str:
    """What a door does, without one: "acted" or "replayed"."""
    with idempotency.once(organization.pk, "k", HASH) as one:
        if one.replay:
            return f"replayed {one.replay.body.decode()}"
        IdempotencyRecord.objects.create(organization=organization, key=str(uuid.uuid4()))
        while_running()
        one.answer = idempotency.Answer(200, b"done", "text/plain")
        return "acted"


def acts(organization: Organization) -> int:
    return IdempotencyRecord.objects.filter(organization=organization).exclude(key="k").count()


def test_the_second_is_told_at_once_while_the_first_runs(acme: Organization) -> None:
    running, told = threading.Event(), threading.Event()

    def second() -> str:
        assert running.wait(10)
        try:
            return act(acme)
        except idempotency.IdempotencyKeyInUse:
            return "in use"
        finally:
            told.set()

    def first() -> str:
        return act(acme, lambda: (running.set(), told.wait(10)))

    assert at_once(first, second) == ["acted", "in use"]
    assert acts(acme) == 1
    assert act(acme) == "replayed done"


def test_control_without_the_lock_the_second_waits_or_acts_too(acme: Organization) -> None:
    """The unique constraint alone is right in the end, but the second one acts first."""
    looked, acted = threading.Barrier(2), []

    def careless() -> None:
        known = IdempotencyRecord.objects.filter(organization=acme, key="k").exists()
        looked.wait(10)
        if not known:
            acted.append(True)

    at_once(careless, careless)
    assert len(acted) == 2


def test_killed_between_the_act_and_the_commit_nothing_is_left(acme: Organization) -> None:
    def die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        act(acme, die)
    connection.close()
    assert acts(acme) == 0
    assert act(acme) == "acted"
    assert acts(acme) == 1


def test_an_exception_or_no_answer_undoes_the_act(acme: Organization) -> None:
    def fail() -> None:
        raise RuntimeError

    with contextlib.suppress(RuntimeError):
        act(acme, fail)
    with idempotency.once(acme.pk, "k", HASH):
        IdempotencyRecord.objects.create(organization=acme, key="undone")
    assert acts(acme) == 0
    assert act(acme) == "acted"


def test_old_answers_are_forgotten(acme: Organization, program: Api) -> None:
    act(acme)
    assert idempotency.forget_old() == 0
    past = timezone.now() - timedelta(hours=47)
    IdempotencyRecord.objects.update(created_at=past)
    assert idempotency.forget_old() == 0
    IdempotencyRecord.objects.update(created_at=past - timedelta(hours=2))
    assert idempotency.forget_old() == 2
    assert act(acme) == "acted"


# --- One key, whichever endpoint --------------------------------------------------------------

JOB = {"model": "p-video", "input": {"prompt": PROMPT}}


def test_a_generations_key_is_taken_for_all_others(api: Api) -> None:
    assert api.post("generations", JOB, Idempotency_Key="order-1").status_code == 202
    assert create(api).json()["code"] == "idempotency_mismatch"
    assert made() == 0
    assert api.post("generations", JOB, Idempotency_Key="order-1").status_code == 202


def test_a_key_used_elsewhere_is_taken_for_generations(api: Api) -> None:
    assert create(api).status_code == 201
    answer = api.post("generations", JOB, Idempotency_Key="order-1")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_mismatch"
    assert api.get("generations").json()["results"] == []
    assert api.get("wallet").json()["held"] == "0.000000"


def test_a_generation_is_refused_at_once_while_its_key_is_in_use(
    api: Api, acme: Organization
) -> None:
    running, told = threading.Event(), threading.Event()

    def hold_the_key() -> str:
        with idempotency.once(acme.pk, "order-1", HASH):
            running.set()
            assert told.wait(10)
        return "undone"

    def ask() -> Any:
        assert running.wait(10)
        try:
            return api.post("generations", JOB, Idempotency_Key="order-1")
        finally:
            told.set()

    _, answer = at_once(hold_the_key, ask)
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_key_in_use"
    assert api.post("generations", JOB, Idempotency_Key="order-1").status_code == 202
