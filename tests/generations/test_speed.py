"""What an answer costs in SQL statements. Round trips are what a busy platform runs out of."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import access
from accounts.models import ApiKey, Organization, User
from billing import ledger
from billing.models import Account, EntryKind
from generations import submission
from generations.models import Generation
from tests.conftest import caller_for
from tests.generations.conftest import PROMPT, Api

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]

MOST_TO_ACCEPT = 8
BODY = {"model": "p-video", "input": {"prompt": PROMPT, "duration": 5}}


def statements(act: Callable[[], Any]) -> list[str]:
    """Every statement of `act`, BEGIN and COMMIT included."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return [re.sub(r"\s+", " ", query["sql"]).strip() for query in captured.captured_queries]


@pytest.fixture
def busy(api: Api) -> Api:
    """A program that has just used its key, on a platform whose workers have been nudged."""
    api.make()
    just_now = timezone.now() - timedelta(seconds=30)
    assert ApiKey.objects.filter(last_used_at__gt=just_now).exists()
    return api


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "order-1"}], ids=["plain", "with key"])
def test_an_accepted_job_costs_few_statements(busy: Api, headers: dict[str, str]) -> None:
    answers: list[Any] = []

    made = statements(lambda: answers.append(busy.post("generations", BODY, **headers)))

    assert answers[0].status_code == 202, answers[0].content
    assert len(made) <= MOST_TO_ACCEPT, "\n".join(made)
    assert Generation.objects.count() == 2


def test_the_job_and_its_hold_are_one_statement(busy: Api) -> None:
    """Nobody waits for the wallet's row while a web process waits for the processor."""
    made = statements(lambda: busy.post("generations", BODY))

    assert sum("generations_accept" in one for one in made) == 1, "\n".join(made)
    assert not any(one in ("BEGIN", "COMMIT") for one in made), "\n".join(made)


def test_a_first_nudge_and_a_first_use_are_within_the_limit_too(api: Api) -> None:
    made = statements(lambda: api.make())

    assert len(made) <= MOST_TO_ACCEPT, "\n".join(made)


def test_a_repeated_request_costs_few_statements(busy: Api) -> None:
    busy.post("generations", BODY, Idempotency_Key="order-1")

    made = statements(lambda: busy.post("generations", BODY, Idempotency_Key="order-1"))

    assert len(made) <= 3, "\n".join(made)  # the key, its rate limits, the job


def make(caller: access.Caller, jobs: int) -> None:
    for number in range(jobs):
        submission.accept(caller, model="p-video", input={"prompt": f"{PROMPT} {number}"})


@pytest.mark.parametrize("path", ["generations?limit=100", "wallet"])
def test_an_answer_costs_as_many_statements_for_many_rows_as_for_few(
    api: Api, acme: Organization, alice: User, path: str
) -> None:
    api.get(path)  # notes the key's use
    make(caller_for(alice), 2)
    few = statements(lambda: api.get(path))
    make(caller_for(alice), 30)
    for number in range(30):
        ledger.credit(
            organization_id=acme.pk,
            kind=EntryKind.ADJUSTMENT,
            account=Account.ADJUSTMENTS,
            amount_micros=1_000,
            reference=f"many-{number}",
        )

    many = statements(lambda: api.get(path))

    assert len(many) == len(few) <= 4, "\n".join(many)  # one of them: why jobs are queued
