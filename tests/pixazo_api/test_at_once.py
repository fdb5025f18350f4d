"""Many at once, over HTTP: a wallet, one Idempotency-Key, and what looking costs."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from billing.models import Wallet
from generations.models import Generation
from tests.pixazo_api.conftest import KEY_HEADER, Program
from tests.sandbox.gateway import PATHS

AT_ONCE = 12


@pytest.fixture
def post(
    transactional_db: None, live_server: Any, key: str, books_balance: None
) -> Callable[..., list[httpx2.Response]]:
    def post(times: int, **headers: str) -> list[httpx2.Response]:
        def one(_: int) -> httpx2.Response:
            return httpx2.post(
                live_server.url + PATHS["p-video"],
                json={"prompt": "A cat"},
                headers={KEY_HEADER: key, **headers},
                timeout=60,
            )

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(times)))

    return post


def test_fifty_at_a_wallet_for_ten(
    post: Callable[..., list[httpx2.Response]],
    acme: Organization,
    give_credits: Callable[..., None],
) -> None:
    give_credits(acme, 1)
    answers = post(50)
    assert Counter(answer.status_code for answer in answers) == {202: 10, 402: 40}
    assert {answer.text for answer in answers if answer.status_code == 402} == {
        '{"error":"Insufficient Balance",'
        '"message":"Your wallet does not have enough balance. Required: $0.10"}'
    }
    assert Generation.objects.count() == 10
    wallet = Wallet.objects.get(organization=acme)
    assert (wallet.balance_micros, wallet.held_micros) == (1_000_000, 1_000_000)


def test_one_idempotency_key_is_one_video(
    post: Callable[..., list[httpx2.Response]],
    acme: Organization,
    give_credits: Callable[..., None],
) -> None:
    give_credits(acme)
    answers = post(AT_ONCE, **{"Idempotency-Key": "once"})
    assert {answer.status_code for answer in answers} <= {202, 409}
    (generation,) = Generation.objects.all()
    told = {answer.json()["request_id"] for answer in answers if answer.status_code == 202}
    assert told == {f"p-video_{generation.pk}"}


def test_a_look_at_the_status_costs_the_same_however_many_there_are(acmes: Program) -> None:
    first = acmes.accepted()
    acmes.status(first)  # once a minute a key's use is noted
    seen = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert acmes.status(first).json()["status"] == "QUEUED"
        seen.append(len(queries))
        for _ in range(5):
            acmes.accepted()
    # The key, the limits (in a savepoint here), the request, when it last moved.
    assert seen == [6, 6]
