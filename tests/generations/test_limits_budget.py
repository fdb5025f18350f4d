"""What a key, and a member, may spend in a month: never more, and never lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import access, api_keys, spending
from accounts.models import ApiKey, Membership, Organization, Spending, User
from billing.models import Hold, Wallet
from generations import settlement, submission
from generations.models import Generation, State
from tests.conftest import Sandbox, assert_books_balance, caller_for
from tests.generations.conftest import PROMPT, Api, at_once, make, run_queue, work_until_done

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]

COST = 5_000  # of one second of p-video, 720p, draft
BODY = {"model": "p-video", "input": {"prompt": PROMPT, "duration": 1, "draft": True}}


@pytest.fixture
def budgeted(acme: Organization, give_credits: Callable[..., None]) -> Callable[[int | None], Api]:
    """A program of Acme whose key may spend so much."""
    give_credits(acme)

    def with_budget(micros: int | None) -> Api:
        return Api(api_keys.create(acme, name="b", monthly_budget_micros=micros)[1])

    return with_budget


def spent() -> int:
    return Spending.objects.get().spent_micros


def finish(state: str, charge: int = 0) -> None:
    """End every open job, and charge it so much."""
    for row in Generation.objects.filter(state=State.QUEUED):
        assert settlement._end(
            row.pk, State(state), from_states=[State.QUEUED], charge_micros=charge, note=""
        )


def test_a_budget_refuses_what_would_pass_it(budgeted: Callable[[int | None], Api]) -> None:
    program = budgeted(2 * COST + COST // 2)
    assert [program.post("generations", BODY).status_code for _ in range(2)] == [202, 202]

    answer = program.post("generations", BODY)

    assert answer.status_code == 402
    said = answer.json()
    assert said["code"] == "key_budget_exceeded"
    assert (said["budget"], said["spent"], said["required"]) == ("0.012500", "0.010000", "0.005000")
    month = spending.month_of(timezone.now())
    after = (month + timedelta(days=31)).replace(day=1)
    assert said["resets_at"] == f"{after}T00:00:00Z"
    assert Generation.objects.count() == Hold.objects.count() == 2
    assert Wallet.objects.get().held_micros == 2 * COST
    assert spent() == 2 * COST


def test_a_budget_of_nothing_spends_nothing(budgeted: Callable[[int | None], Api]) -> None:
    program = budgeted(0)
    assert program.post("generations", BODY).json()["code"] == "key_budget_exceeded"
    assert not Spending.objects.exists()


def test_a_refused_request_may_be_repeated_with_its_key(
    budgeted: Callable[[int | None], Api],
) -> None:
    program = budgeted(COST - 1)
    assert program.post("generations", BODY, Idempotency_Key="k").status_code == 402
    ApiKey.objects.update(monthly_budget_micros=COST)
    assert program.post("generations", BODY, Idempotency_Key="k").status_code == 202
    assert program.post("generations", BODY, Idempotency_Key="k").status_code == 202
    assert spent() == COST


@pytest.mark.parametrize(
    ("state", "charge"),
    [("completed", COST), ("completed", 1_000), ("failed", 0), ("error", 0)],
)
def test_what_is_not_charged_is_given_back_once(
    budgeted: Callable[[int | None], Api], state: str, charge: int
) -> None:
    program = budgeted(COST)
    assert program.post("generations", BODY).status_code == 202
    assert program.post("generations", BODY).status_code == 402
    row = Generation.objects.get()

    at_once(
        *[partial(settlement.cancel, row.pk, organization_id=row.organization_id)] * 2,
        finish_as(state, charge),
    )

    row.refresh_from_db()
    assert spent() == row.charged_micros
    assert (program.post("generations", BODY).status_code == 202) is (row.charged_micros == 0)


def finish_as(state: str, charge: int) -> Callable[[], bool]:
    pk = Generation.objects.get().pk
    return lambda: settlement._end(
        pk, State(state), from_states=[State.QUEUED], charge_micros=charge, note=""
    )


def test_a_wallet_that_refuses_leaves_the_budget_alone(acme: Organization) -> None:
    program = Api(api_keys.create(acme, name="b", monthly_budget_micros=10 * COST)[1])
    assert program.post("generations", BODY).json()["code"] == "insufficient_credits"
    assert not Spending.objects.exists()


def test_fifty_at_once_never_pass_a_budget(budgeted: Callable[[int | None], Api]) -> None:
    program = budgeted(7 * COST)
    answers = at_once(*[partial(program.post, "generations", BODY)] * 50)
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] * 7 + [402] * 43
    assert spent() == Wallet.objects.get().held_micros == 7 * COST
    finish("error")
    assert spent() == 0


def test_control_without_the_gate_the_budget_is_passed(
    budgeted: Callable[[int | None], Api],
) -> None:
    program = budgeted(None)
    both_have_looked = Barrier(4)

    def careless() -> int:
        before = sum(Generation.objects.values_list("quoted_micros", flat=True))
        both_have_looked.wait(10)
        return program.post("generations", BODY).status_code if before + COST <= COST else 402

    assert at_once(*[careless] * 4) == [202] * 4
    assert spent() == 4 * COST


def test_a_month_starts_anew_and_gives_back_where_it_was_taken(
    budgeted: Callable[[int | None], Api],
) -> None:
    program = budgeted(COST)
    program.post("generations", BODY)
    past = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    Generation.objects.update(created_at=past)
    Spending.objects.update(month=past.date().replace(day=1))

    assert program.post("generations", BODY).status_code == 202
    finish("error")

    assert list(Spending.objects.values_list("spent_micros", flat=True)) == [0, 0]


def test_the_month_is_that_of_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        cursor.execute(
            "SELECT accounts_month('2026-01-31T23:59:59Z'), accounts_month('2026-02-01T00:00:00Z')"
        )
        assert [str(day) for day in cursor.fetchone()] == ["2026-01-01", "2026-02-01"]


def test_rotation_keeps_what_was_spent(acme: Organization, give_credits: Any) -> None:
    give_credits(acme)
    key, first = api_keys.create(acme, name="b", monthly_budget_micros=2 * COST)
    assert Api(first).post("generations", BODY).status_code == 202
    _, second = api_keys.rotate(key, overlap_seconds=60)
    assert Api(second).post("generations", BODY).status_code == 202
    assert Api(first).post("generations", BODY).status_code == 402
    assert Api(second).post("generations", BODY).status_code == 402
    assert spending.of_keys([key.pk]) == {key.pk: 2 * COST}


def test_a_members_limit_is_the_same(
    acme: Organization, alice: User, bob: User, give_credits: Any
) -> None:
    give_credits(acme)
    Membership.objects.filter(user=bob).update(monthly_limit_micros=COST)

    def ask(caller: access.Caller) -> None:
        submission.accept(caller, model="p-video", input=BODY["input"])

    ask(caller_for(bob))
    with pytest.raises(spending.MemberLimitExceeded) as refused:
        ask(caller_for(bob))
    assert refused.value.extra["budget"] == refused.value.extra["spent"] == "0.005000"
    ask(caller_for(alice))  # has none
    assert spending.of_members(acme.pk, [alice.pk, bob.pk]) == {bob.pk: COST, alice.pk: COST}
    finish("error")
    ask(caller_for(bob))


def test_a_whole_trip_counts_what_it_charged(unlucky: Sandbox, api: Api) -> None:
    make(api)
    make(api, "sandbox:failed")
    make(api, "sandbox:error")
    assert spent() == 3 * COST
    work_until_done()
    assert spent() == COST
    run_queue()


def test_the_books_notice_a_wrong_count(budgeted: Callable[[int | None], Api]) -> None:
    budgeted(None).post("generations", BODY)
    Spending.objects.update(spent_micros=COST + 1)
    with pytest.raises(AssertionError, match="spending_miscounted"):
        assert_books_balance()
    Spending.objects.update(spent_micros=COST)
