"""Random histories against a dozen lines of plain Python; the books balance after each."""

import uuid
from dataclasses import dataclass, field

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Organization
from billing import holds, ledger, reconciliation
from billing.models import Wallet
from tests.billing.movements import credit, debit, place

AMOUNTS = st.integers(min_value=-1, max_value=30)


@dataclass
class Purse:
    """What a wallet should be."""

    balance: int = 0
    debt: int = 0
    active: dict[uuid.UUID, int] = field(default_factory=dict)
    spent: int = 0

    @property
    def held(self) -> int:
        return sum(self.active.values())

    @property
    def available(self) -> int:
        return self.balance - self.held

    def repay(self) -> None:
        paid = min(self.debt, self.available)
        self.balance -= paid
        self.debt -= paid


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.organization = Organization.objects.create(name="model")
        self.purse, self.moved = Purse(), 0
        self.resolved: list[uuid.UUID] = []

    def teardown(self) -> None:
        try:
            assert reconciliation.check().problems == []
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def refused(self, act, *refusals: type[Exception]) -> bool:
        """True when it was refused as expected; fails when an expected refusal did not come."""
        try:
            with transaction.atomic():
                act()
        except refusals:
            return True
        assert not refusals, f"expected one of {refusals}"
        return False

    @rule(amount=AMOUNTS)
    def credit(self, amount: int) -> None:
        bad = [ledger.AmountNotPositive] if amount <= 0 else []
        if not self.refused(lambda: credit(self.organization, amount), *bad):
            self.purse.balance += amount
            self.purse.repay()

    @rule(amount=AMOUNTS, into_debt=st.booleans())
    def debit(self, amount: int, into_debt: bool) -> None:
        bad: list[type[Exception]] = []
        short = amount - self.purse.available
        if amount <= 0:
            bad = [ledger.AmountNotPositive]
        elif short > 0 and not into_debt:
            bad = [ledger.InsufficientCredits]
        if not self.refused(lambda: debit(self.organization, amount, into_debt=into_debt), *bad):
            self.purse.balance -= amount - max(0, short)
            self.purse.debt += max(0, short)

    @rule(amount=AMOUNTS)
    def place(self, amount: int) -> None:
        bad: list[type[Exception]] = []
        if amount <= 0:
            bad = [ledger.AmountNotPositive]
        elif self.purse.debt:
            bad = [ledger.WalletInDebt]
        elif amount > self.purse.available:
            bad = [ledger.InsufficientCredits]
        hold_id = uuid.uuid4()
        if not self.refused(lambda: place(self.organization, amount, hold_id), *bad):
            self.purse.active[hold_id] = amount

    @precondition(lambda self: self.purse.active)
    @rule(data=st.data(), amount=AMOUNTS)
    def resolve(self, data: st.DataObject, amount: int) -> None:
        hold_id = data.draw(st.sampled_from(list(self.purse.active)))
        inside = 0 <= amount <= self.purse.active[hold_id]
        bad = [] if inside else [ledger.CaptureAboveHold]

        def act() -> None:
            holds.capture(hold_id=hold_id, amount_micros=amount)

        if not self.refused(act, *bad):
            del self.purse.active[hold_id]
            self.purse.balance -= amount
            self.purse.spent += amount
            self.purse.repay()
            self.resolved.append(hold_id)

    @precondition(lambda self: self.resolved)
    @rule(data=st.data(), amount=AMOUNTS)
    def resolve_again(self, data: st.DataObject, amount: int) -> None:
        hold_id = data.draw(st.sampled_from(self.resolved))

        def act() -> None:
            holds.capture(hold_id=hold_id, amount_micros=amount)

        assert self.refused(act, ledger.HoldNotActive)

    @invariant()
    def agrees(self) -> None:
        wallet = Wallet.objects.get(pk=self.organization.pk)
        assert (wallet.balance_micros, wallet.held_micros, wallet.debt_micros) == (
            self.purse.balance,
            self.purse.held,
            self.purse.debt,
        )
        assert 0 <= self.purse.held <= self.purse.balance


HISTORIES = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_history_ends_with_balanced_books(db):
    run_state_machine_as_test(Ledger, settings=HISTORIES)
