"""Holds: placed, captured, released; each once."""

import pytest
from django.db import connection, transaction

from accounts.models import new_id
from billing import freezing, holds, ledger
from billing.models import Entry, FreezeCause, Hold
from tests.billing.movements import DOLLAR, credit, money_of, place

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture(autouse=True)
def ten_dollars(acme):
    credit(acme, 10 * DOLLAR)


def test_each_act_is_one_statement(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        first = place(acme, DOLLAR)
    with django_assert_num_queries(1):
        holds.capture(hold_id=first, amount_micros=DOLLAR)
    second = place(acme, DOLLAR)
    with django_assert_num_queries(1):
        holds.release(hold_id=second, reason="error")


def test_a_hold_sets_credits_aside(acme):
    hold_id = place(acme, 4 * DOLLAR)
    assert money_of(acme) == (10 * DOLLAR, 4 * DOLLAR, 0)
    hold = Hold.objects.get(pk=hold_id)
    assert (hold.state, hold.captured_micros, hold.resolved_at) == ("active", 0, None)


def test_capture_charges_it(acme):
    hold_id = place(acme, 4 * DOLLAR)
    assert holds.capture(hold_id=hold_id, amount_micros=4 * DOLLAR) == 6 * DOLLAR
    assert money_of(acme) == (6 * DOLLAR, 0, 0)
    hold = Hold.objects.get(pk=hold_id)
    assert (hold.state, hold.captured_micros) == ("captured", 4 * DOLLAR)
    assert hold.resolved_at


def test_capture_of_a_part_gives_the_rest_back(acme):
    hold_id = place(acme, 4 * DOLLAR)
    assert holds.capture(hold_id=hold_id, amount_micros=DOLLAR) == 9 * DOLLAR
    assert money_of(acme) == (9 * DOLLAR, 0, 0)


def test_capture_of_nothing_is_a_release(acme):
    hold_id = place(acme, 4 * DOLLAR)
    assert holds.capture(hold_id=hold_id, amount_micros=0) == 10 * DOLLAR
    assert Hold.objects.get(pk=hold_id).state == "released"


def test_release_gives_it_all_back(acme):
    hold_id = place(acme, 4 * DOLLAR)
    assert holds.release(hold_id=hold_id, reason="ERROR from the provider") == 10 * DOLLAR
    assert money_of(acme) == (10 * DOLLAR, 0, 0)
    assert Entry.objects.latest("pk").reason == "ERROR from the provider"


@pytest.mark.parametrize("micros", [1 + 4 * DOLLAR, 10 * DOLLAR, 11 * DOLLAR, -1, -4 * DOLLAR])
def test_promise_1_a_capture_never_exceeds_its_hold(acme, micros):
    """You never pay more than you were shown."""
    hold_id = place(acme, 4 * DOLLAR)
    with pytest.raises(ledger.CaptureAboveHold), transaction.atomic():
        holds.capture(hold_id=hold_id, amount_micros=micros)
    assert money_of(acme) == (10 * DOLLAR, 4 * DOLLAR, 0)
    assert Hold.objects.get(pk=hold_id).state == "active"


@pytest.mark.parametrize("first", ["capture", "part", "release"])
@pytest.mark.parametrize("second", ["capture", "part", "above", "negative", "release"])
def test_promise_3_a_hold_is_resolved_once(acme, first, second):
    """Whatever comes second moves nothing."""
    acts = {
        "capture": lambda hold_id: holds.capture(hold_id=hold_id, amount_micros=4 * DOLLAR),
        "part": lambda hold_id: holds.capture(hold_id=hold_id, amount_micros=DOLLAR),
        "above": lambda hold_id: holds.capture(hold_id=hold_id, amount_micros=5 * DOLLAR),
        "negative": lambda hold_id: holds.capture(hold_id=hold_id, amount_micros=-1),
        "release": lambda hold_id: holds.release(hold_id=hold_id, reason="again"),
    }
    hold_id = place(acme, 4 * DOLLAR)
    acts[first](hold_id)
    before = money_of(acme)
    with pytest.raises(ledger.HoldNotActive) as refusal, transaction.atomic():
        acts[second](hold_id)
    assert refusal.value.extra["state"] == ("released" if first == "release" else "captured")
    assert money_of(acme) == before
    assert Entry.objects.filter(hold_id=hold_id).count() == 2


def test_a_hold_that_does_not_exist(acme):
    with pytest.raises(ledger.HoldNotActive), transaction.atomic():
        holds.release(hold_id=new_id(), reason="none")


def test_asking_twice_is_a_conflict_not_a_second_hold(acme):
    hold_id = place(acme, DOLLAR)
    with pytest.raises(ledger.AlreadyMoved), transaction.atomic():
        place(acme, DOLLAR, hold_id)
    assert money_of(acme) == (10 * DOLLAR, DOLLAR, 0)
    assert Hold.objects.count() == 1


@pytest.mark.parametrize("micros", [0, -1, -(10**14)])
def test_holds_are_positive(acme, micros):
    with pytest.raises(ledger.AmountNotPositive), transaction.atomic():
        place(acme, micros)


def test_the_last_micro_can_be_held_and_not_one_more(acme):
    with pytest.raises(ledger.InsufficientCredits) as refusal, transaction.atomic():
        place(acme, 10 * DOLLAR + 1)
    assert refusal.value.available_micros == 10 * DOLLAR
    assert not Hold.objects.exists(), "a refused hold leaves no row"
    place(acme, 10 * DOLLAR)
    with pytest.raises(ledger.InsufficientCredits), transaction.atomic():
        place(acme, 1)


def test_a_frozen_wallet_spends_nothing_and_settles_what_runs(acme):
    hold_id = place(acme, DOLLAR)
    freezing.place(acme.pk, FreezeCause.STAFF, reference="a", reason="for a test")
    with pytest.raises(ledger.WalletFrozen), transaction.atomic():
        place(acme, DOLLAR)
    assert holds.capture(hold_id=hold_id, amount_micros=DOLLAR) == 9 * DOLLAR
    assert credit(acme, DOLLAR) == 10 * DOLLAR


def test_a_rolled_back_caller_takes_the_hold_with_it(acme):
    with transaction.atomic():
        place(acme, DOLLAR)
        transaction.set_rollback(True)
    assert money_of(acme) == (10 * DOLLAR, 0, 0)
    assert not Hold.objects.exists()


def test_the_statements_are_prepared_and_refuse_all_the_same(acme, django_assert_num_queries):
    """Parsed and planned once a connection; a refusal rolls back and is still told apart."""
    for _ in range(8):
        with django_assert_num_queries(1):
            hold_id = place(acme, 1)
        holds.capture(hold_id=hold_id, amount_micros=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = " ".join(statement for (statement,) in cursor.fetchall())
    assert "billing_place_hold" in prepared
    assert "billing_resolve_hold" in prepared
    for _ in range(3):
        with pytest.raises(ledger.InsufficientCredits), transaction.atomic():
            place(acme, 11 * DOLLAR)
        with pytest.raises(ledger.HoldNotActive), transaction.atomic():
            holds.release(hold_id=hold_id, reason="again")
        place(acme, 1)
