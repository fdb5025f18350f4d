"""Generations against their holds, and the command `audit_books`."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Organization, new_id
from billing import holds
from billing.models import Price
from generations.models import Generation, State, hold_reference
from tests.billing.movements import DOLLAR, at_once, credit
from tests.billing.tampering import audit, tamper

QUOTED = 100_000


@pytest.fixture(autouse=True)
def thirty_dollars(acme):
    credit(acme, 30 * DOLLAR)


# --- Generations ----------------------------------------------------------------------------


def list_price() -> Price:
    prices = Price.objects.filter(model="p-video", resolution="720p", draft=False)
    return prices.earliest("effective_from")


@transaction.atomic
def generate(
    organization: Organization,
    state: State = State.QUEUED,
    charged: int | None = None,
    price: Price | None = None,
) -> Generation:
    """A generation with its hold, settled as `state` and `charged` say."""
    generation = Generation.objects.create(
        organization=organization,
        created_at=timezone.now(),
        model="p-video",
        input={},
        price=price or list_price(),
        quoted_seconds=5,
        quoted_micros=QUOTED,
        deadline_at=timezone.now() + timedelta(hours=1),
    )
    holds.place(
        hold_id=generation.pk,
        organization_id=organization.pk,
        amount_micros=QUOTED,
        reference=hold_reference(generation.pk),
        expires_at=generation.deadline_at,
    )
    if charged is not None:
        holds.capture(hold_id=generation.pk, amount_micros=charged)
        Generation.objects.filter(pk=generation.pk).update(state=state, charged_micros=charged)
    return generation


def charging_price() -> Price:
    return Price.objects.create(
        model="p-video",
        resolution="720p",
        effective_from=timezone.now(),
        customer_micros_per_second=20_000,
        provider_micros_per_second=1,
        charge_on_failed=True,
    )


@pytest.mark.parametrize(
    ("state", "charged"),
    [
        (State.QUEUED, None),
        (State.COMPLETED, QUOTED),
        (State.COMPLETED, 1),
        (State.FAILED, 0),
        (State.ERROR, 0),
        (State.CANCELED, 0),
        (State.EXPIRED, 0),
    ],
)
def test_rightly_settled(acme, state, charged):
    generate(acme, state, charged)
    assert audit() == set()


def test_promise_2_failed_is_charged_only_where_the_price_says_so(acme):
    generate(acme, State.FAILED, QUOTED, price=charging_price())
    assert audit() == set()
    generate(acme, State.FAILED, QUOTED)
    assert audit() == {"generation_charged_on_failed"}


@pytest.mark.parametrize("state", [State.ERROR, State.CANCELED, State.EXPIRED])
def test_promise_2_the_rest_is_free(acme, state):
    generate(acme, state, 1, price=charging_price())
    assert audit() == {"generation_charged_for_nothing"}


def test_a_free_completion_was_late_or_is_wrong(acme):
    late = generate(acme, State.EXPIRED, 0)
    Generation.objects.filter(pk=late.pk).update(state=State.COMPLETED)
    assert audit() == set()
    generate(acme, State.COMPLETED, 0)
    assert audit() == {"generation_completed_unpaid"}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "UPDATE generations_generation SET state = 'completed', charged_micros = 0",
            "generation_hold_out_of_step",
        ),
        ("UPDATE generations_generation SET quoted_micros = 1", "generation_held_not_quoted"),
        (
            "UPDATE billing_hold SET reference = 'generation:x' WHERE state = 'active'",
            "generation_hold_of_another",
        ),
        ("DELETE FROM billing_hold", "generation_without_hold"),
        ("DELETE FROM generations_generation", "hold_without_generation"),
    ],
)
def test_open_and_out_of_step(acme, sql, found):
    generate(acme)
    tamper(sql)
    assert found in audit()


def test_settled_with_an_open_hold_and_other_charges(acme):
    settled = generate(acme, State.COMPLETED, QUOTED)
    tamper("UPDATE generations_generation SET charged_micros = 1")
    assert audit() == {"generation_charged_not_captured"}
    tamper(
        "UPDATE generations_generation SET state = 'processing', charged_micros = NULL"
        f" WHERE id = '{settled.pk}'"
    )
    assert audit() == {"generation_hold_out_of_step"}


def test_a_hold_of_a_generation_that_never_was(acme):
    stray = new_id()
    holds.place(
        hold_id=stray,
        organization_id=acme.pk,
        amount_micros=1,
        reference=hold_reference(stray),
        expires_at=timezone.now(),
    )
    assert audit() == {"hold_without_generation"}


# --- The command ----------------------------------------------------------------------------


def command(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("audit_books", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_the_command_prints_totals(acme):
    generate(acme, State.COMPLETED, QUOTED)
    text, code = command()
    assert code == 0
    assert text.splitlines()[-1] == "Books balance."
    lines = dict(line.rsplit(maxsplit=1) for line in text.splitlines() if line.startswith("  "))
    figures = {name.strip(): figure for name, figure in lines.items()}
    assert figures["revenue"] == "0.100000"
    assert (figures["wallets"], figures["holds"], figures["generations"]) == ("1", "1", "1")


def test_the_command_lists_problems_and_exits_1(acme):
    tamper("UPDATE billing_wallet SET balance_micros = balance_micros + 1")
    text, code = command()
    assert code == 1
    assert f"wallet_balance: wallet {acme.pk}: wallet has balance 30000001" in text
    assert text.splitlines()[-1] == "1 problems."
    text, code = command("--json")
    found = json.loads(text)
    assert (code, found["balanced"]) == (1, False)
    assert [problem["kind"] for problem in found["problems"]] == ["wallet_balance"]


@pytest.mark.django_db(transaction=True)
def test_the_command_is_right_while_money_moves(acme):
    """All its statements see one moment: nothing is off on a live system, ever."""

    def spend() -> None:
        for _ in range(60):
            generate(acme, State.COMPLETED, QUOTED)

    def look() -> list[tuple[str, int]]:
        return [command() for _ in range(12)]

    *_, seen = at_once(spend, spend, look)
    assert [code for _, code in seen] == [0] * 12, seen
