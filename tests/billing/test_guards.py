"""What the database refuses on every path: ORM, admin, psql."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import new_id
from billing import holds
from billing.models import Entry, Hold, HoldState, Price, Wallet
from tests.billing.movements import DOLLAR, credit, money_of, place

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture(autouse=True)
def some_history(acme):
    credit(acme, 10 * DOLLAR, "first")
    holds.capture(hold_id=place(acme, DOLLAR), amount_micros=DOLLAR)


@transaction.atomic
def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(*statements: str, by: str | None = None) -> None:
    with pytest.raises(DatabaseError, match=by):
        run(*statements)


WALLET_EDITS = [
    ("balance_micros = balance_micros + 1", "money moves with a ledger entry"),
    ("held_micros = 1", "money moves with a ledger entry"),
    ("debt_micros = 1", "money moves with a ledger entry"),
    ("sequence = sequence + 2", "money moves with a ledger entry"),
    ("sequence = sequence - 1", "money moves with a ledger entry"),
    ("held_micros = -1, sequence = sequence + 1", "billing_wallet_held_not_negative"),
    ("balance_micros = -1, sequence = sequence + 1", "billing_wallet_covers_held"),
    ("held_micros = balance_micros + 1, sequence = sequence + 1", "billing_wallet_covers_held"),
    ("debt_micros = -1, sequence = sequence + 1", "billing_wallet_debt_not_negative"),
]


@pytest.mark.parametrize(("change", "by"), WALLET_EDITS)
def test_overdraft_and_edits_of_a_wallet(change, by):
    refused(f"UPDATE billing_wallet SET {change}", by=by)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM billing_wallet",
        "TRUNCATE billing_wallet",
        "TRUNCATE billing_wallet CASCADE",
        "TRUNCATE accounts_organization CASCADE",
        "UPDATE billing_entry SET reason = 'better'",
        "UPDATE billing_entry SET amount_micros = amount_micros",
        "DELETE FROM billing_entry",
        "TRUNCATE billing_entry",
        "TRUNCATE billing_entry, billing_hold CASCADE",
        "DELETE FROM billing_hold",
        "TRUNCATE billing_hold CASCADE",
        "UPDATE billing_price SET customer_micros_per_second = 1",
        "UPDATE billing_price SET effective_from = now()",
        "DELETE FROM billing_price",
        "TRUNCATE billing_price CASCADE",
    ],
)
def test_nothing_is_forgotten(sql):
    """Promise 7, on the money's side: rows are only ever added."""
    refused(sql)


def test_orm_edits_are_refused_too():
    entry, price = Entry.objects.first(), Price.objects.first()
    assert entry
    assert price
    for act in (entry.save, entry.delete, price.save, price.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    for queryset in (Entry.objects.all(), Price.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            queryset.update(created_at=timezone.now())


def test_a_stale_wallet_cannot_be_saved(acme):
    """new-api #1870: staff saved a note, and the old balance with it."""
    stale = Wallet.objects.get(pk=acme.pk)
    credit(acme, 5 * DOLLAR)
    stale.watch_micros = DOLLAR
    with pytest.raises(DatabaseError), transaction.atomic():
        stale.save()
    assert money_of(acme)[0] == 14 * DOLLAR
    stale.save(update_fields=["watch_micros"])
    assert money_of(acme)[0] == 14 * DOLLAR


def test_a_wallet_opens_empty_and_with_its_organization(acme, charlie):
    other = charlie.organizations.get()
    assert money_of(other) == (0, 0, 0)
    refused(
        "SET LOCAL session_replication_role = replica",
        f"DELETE FROM billing_wallet WHERE organization_id = '{other.pk}'",
        "SET LOCAL session_replication_role = origin",
        f"INSERT INTO billing_wallet (organization_id, balance_micros) VALUES ('{other.pk}', 1)",
        by="money moves with a ledger entry",
    )


def entry_of(resolved: Hold, /, **changes: object) -> Entry:
    values = {
        "wallet_id": resolved.wallet_id,
        "sequence": 10**6,
        "kind": "release",
        "account": "held",
        "amount_micros": 0,
        "held_delta_micros": -resolved.amount_micros,
        "balance_after_micros": 0,
        "held_after_micros": 0,
        "hold": resolved,
        "reference": "again",
    }
    return Entry(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({}, "billing_entry_resolves_once"),
        ({"kind": "capture", "account": "revenue", "amount_micros": -1}, "resolves_once"),
        ({"kind": "hold", "held_delta_micros": 5}, "resolves_once"),
        ({"kind": "surprise"}, "resolves_once"),
        ({"amount_micros": -2 * DOLLAR}, "billing_entry_shape"),
        ({"amount_micros": 1}, "billing_entry_shape"),
        ({"hold": None}, "billing_entry_shape"),
        ({"sequence": 1}, "billing_entry_sequence"),
        (
            {
                "hold": None,
                "held_delta_micros": 0,
                "amount_micros": 1,
                "kind": "adjustment",
                "reference": "first",
            },
            "billing_entry_moves_once",
        ),
    ],
)
def test_no_second_resolution_and_no_odd_entry(changes, by):
    hold = Hold.objects.get()
    with pytest.raises(IntegrityError, match=by), transaction.atomic():
        entry_of(hold, **changes).save(force_insert=True)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'active', captured_micros = 0, resolved_at = NULL",
        "state = 'released', captured_micros = 0",
        "captured_micros = captured_micros - 1",
        "expires_at = now()",
    ],
)
def test_a_resolved_hold_stays(change):
    refused(f"UPDATE billing_hold SET {change}", by="the hold is resolved")


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("amount_micros = amount_micros + 1", "keeps its amount"),
        ("reference = 'other'", "keeps its amount"),
        ("id = gen_random_uuid()", "keeps its amount"),
        ("state = 'captured', captured_micros = amount_micros + 1, resolved_at = now()", "no_more"),
        ("state = 'captured', captured_micros = -1, resolved_at = now()", "check constraint"),
        ("state = 'released'", "state_agrees"),
        ("captured_micros = 1", "state_agrees"),
        ("resolved_at = now()", "state_agrees"),
    ],
)
def test_an_active_hold_keeps_its_terms(acme, change, by):
    place(acme, DOLLAR)
    refused(f"UPDATE billing_hold SET {change} WHERE state = 'active'", by=by)


def test_a_hold_of_nothing(acme):
    for micros in (0, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.create(
                id=new_id(),
                wallet_id=acme.pk,
                amount_micros=micros,
                state=HoldState.ACTIVE,
                reference="x",
                expires_at=timezone.now() + timedelta(hours=1),
            )


@pytest.mark.parametrize("own", [False, True])
def test_no_two_prices_for_one_moment(acme, own):
    moment = timezone.now()

    def add() -> None:
        Price.objects.create(
            organization=acme if own else None,
            model="p-video",
            resolution="720p",
            effective_from=moment,
            customer_micros_per_second=1,
            provider_micros_per_second=0,
        )

    add()
    with pytest.raises(IntegrityError, match="billing_price_once_per_moment"), transaction.atomic():
        add()


@pytest.mark.parametrize(("customer", "provider"), [(0, 0), (-1, 0), (10**10, 0), (1, -1)])
def test_no_price_that_is_none(customer, provider):
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(
            model="p-video",
            resolution="720p",
            effective_from=timezone.now(),
            customer_micros_per_second=customer,
            provider_micros_per_second=provider,
        )
