"""Many requests at the same moment, over real HTTP: promises 1 and 3 at the door."""

import uuid
from collections import Counter
from functools import partial
from typing import Any

import httpx2
import pytest
from django.db import connection, transaction

from accounts.models import Organization
from billing import ledger
from billing.models import Account, Entry, EntryKind, Hold, Wallet
from generations.models import Generation
from tests.conftest import Sandbox
from tests.generations.conftest import Api, assert_free, at_once, make, work_until_done

pytestmark = pytest.mark.usefixtures("books_balance")

COST = 5_000
BODY = {"model": "p-video", "input": {"prompt": "sandbox:error", "duration": 1, "draft": True}}


class Door:
    """The API as a program elsewhere sees it."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    def ask(self, body: Any = None, **headers: str) -> httpx2.Response:
        return httpx2.post(
            f"{self.url}/api/v1/generations",
            json=body or BODY,
            headers={"Authorization": f"Bearer {self.key}", **headers},
            timeout=60,
        )


@pytest.fixture
def door(unlucky: Sandbox, live_server: Any, key: str) -> Door:
    return Door(live_server.url, key)


def fill(organization: Organization, micros: int) -> None:
    ledger.credit(
        organization_id=organization.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=micros,
        reference=f"test-{uuid.uuid4()}",
    )


def test_twenty_requests_on_a_wallet_that_can_pay_for_one(door: Door, acme: Organization) -> None:
    fill(acme, COST)
    answers = at_once(*[door.ask] * 20)
    assert Counter(one.status_code for one in answers) == {202: 1, 402: 19}
    for one in answers:
        if one.status_code == 402:
            assert one.json()["code"] == "insufficient_credits"
            assert one.json()["required"] == "0.005000"
    assert Generation.objects.count() == Hold.objects.count() == 1
    assert Entry.objects.filter(kind="hold").count() == 1
    wallet = Wallet.objects.get(pk=acme.pk)
    assert (wallet.balance_micros, wallet.held_micros) == (COST, COST)
    work_until_done()
    assert_free(Generation.objects.get(), "error")


def test_control_a_check_in_front_of_the_gate_lets_everyone_in(
    unlucky: Sandbox, acme: Organization
) -> None:
    fill(acme, COST)

    def look() -> bool:
        wallet = Wallet.objects.get(pk=acme.pk)
        return wallet.balance_micros - wallet.held_micros >= COST

    assert at_once(*[look] * 20) == [True] * 20

    with pytest.raises(Exception, match="is refused"), transaction.atomic():
        Wallet.objects.filter(pk=acme.pk).update(held_micros=20 * COST)


def test_the_same_idempotency_key_twenty_times_at_once_is_one_job(
    door: Door, acme: Organization
) -> None:
    fill(acme, 20 * COST)
    answers = at_once(*[partial(door.ask, **{"Idempotency-Key": "once"})] * 20)
    accepted = [one for one in answers if one.status_code == 202]
    first = accepted[0].json()
    assert all(one.json() == first for one in accepted)
    replays = Counter(one.headers.get("Idempotency-Replayed") for one in accepted)
    assert replays[None] == 1
    running = [one.json()["code"] for one in answers if one.status_code == 409]
    assert set(running) <= {"idempotency_key_in_use"}
    assert len(accepted) + len(running) == 20
    assert Generation.objects.count() == Hold.objects.count() == 1
    assert Wallet.objects.get(pk=acme.pk).held_micros == COST
    work_until_done()
    assert door.ask(**{"Idempotency-Key": "once"}).json() == first
    assert Generation.objects.count() == 1


def test_the_same_key_with_two_bodies_at_once_is_one_job_and_a_refusal(
    door: Door, acme: Organization
) -> None:
    fill(acme, 20 * COST)
    other = {**BODY, "metadata": {"other": True}}
    for number in range(4):
        key = {"Idempotency-Key": f"key {number}"}
        codes = [
            a.status_code
            for a in at_once(partial(door.ask, **key), partial(door.ask, other, **key))
        ]
        assert sorted(codes) in ([202, 422], [202, 409])  # 409: while the first one ran
        assert door.ask(other, **key).status_code + door.ask(**key).status_code == 202 + 422
        assert Generation.objects.count() == number + 1
    work_until_done()


def test_the_same_key_on_a_wallet_that_cannot_pay_leaves_no_row_and_works_later(
    door: Door, acme: Organization
) -> None:
    key = {"Idempotency-Key": "poor"}
    answers = at_once(*[partial(door.ask, **key)] * 8)
    assert {402} <= {one.status_code for one in answers} <= {402, 409}
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
    fill(acme, COST)
    assert door.ask(**key).status_code == 202
    work_until_done()


def test_a_refused_hold_takes_the_whole_request_with_it(api: Api, unlucky: Sandbox) -> None:
    # The database itself goes away between the row and the hold.
    job = make(api, "sandbox:error")
    with connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION billing_place_hold RENAME TO billing_gone")
    try:
        api.client.raise_request_exception = False
        assert api.post("generations", BODY).status_code == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER FUNCTION billing_gone RENAME TO billing_place_hold")
    assert Generation.objects.count() == Hold.objects.count() == 1
    work_until_done()
    assert_free(job, "error")
