"""The Python clients of `bench.ledger`: one process each, kept from round to round."""

import multiprocessing
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

from bench.ledger_wallets import PRICE_MICROS, Contestant, wallet_id


def cycle_by_functions(organization_id: uuid.UUID) -> None:
    from accounts.models import new_id
    from billing import holds

    hold_id = new_id()
    holds.place(
        hold_id=hold_id,
        organization_id=organization_id,
        amount_micros=PRICE_MICROS,
        reference=f"bench:{hold_id}",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    holds.capture(hold_id=hold_id, amount_micros=PRICE_MICROS)


def cycle_by_orm(organization_id: uuid.UUID) -> None:
    """The same rows and the same guards, as one would write it without functions."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import new_id
    from billing.models import Account, Entry, EntryKind, Hold, HoldState, Wallet

    def record(wallet: Wallet, hold: Hold, kind: EntryKind, amount: int, held: int) -> None:
        wallet.balance_micros += amount
        wallet.held_micros += held
        wallet.sequence += 1
        wallet.save(update_fields=["balance_micros", "held_micros", "sequence"])
        Entry.objects.create(
            wallet=wallet,
            sequence=wallet.sequence,
            kind=kind,
            account=Account.REVENUE if amount else Account.HELD,
            amount_micros=amount,
            held_delta_micros=held,
            balance_after_micros=wallet.balance_micros,
            held_after_micros=wallet.held_micros,
            hold=hold,
            reference=hold.reference,
        )

    hold_id = new_id()
    with transaction.atomic():
        wallet = Wallet.objects.select_for_update().get(pk=organization_id)
        assert wallet.available_micros >= PRICE_MICROS
        assert not wallet.debt_micros
        assert wallet.frozen_at is None
        hold = Hold.objects.create(
            id=hold_id,
            wallet=wallet,
            amount_micros=PRICE_MICROS,
            reference=f"bench:{hold_id}",
            expires_at=timezone.now() + timedelta(hours=1),
        )
        record(wallet, hold, EntryKind.HOLD, 0, PRICE_MICROS)
    with transaction.atomic():
        hold = Hold.objects.select_for_update().get(pk=hold_id)
        wallet = Wallet.objects.select_for_update().get(pk=hold.wallet_id)
        assert hold.state == HoldState.ACTIVE
        hold.state = HoldState.CAPTURED
        hold.captured_micros = PRICE_MICROS
        hold.resolved_at = timezone.now()
        hold.save(update_fields=["state", "captured_micros", "resolved_at"])
        record(wallet, hold, EntryKind.CAPTURE, -PRICE_MICROS, -PRICE_MICROS)


def work(pipe: Connection) -> None:
    """A client process: waits for (kind, wallets, seconds), answers with its commits."""
    import django
    from django.db import connection

    django.setup()
    connection.ensure_connection()
    pipe.send("ready")
    cycles = {"python": cycle_by_functions, "orm": cycle_by_orm}
    while (order := pipe.recv()) is not None:
        kind, wallets, seconds = order
        cycle, commits = cycles[kind], 0
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            cycle(wallet_id(random.randint(1, wallets)))
            commits += 2
        pipe.send(commits)


class Clients:
    """The Python processes, kept from round to round."""

    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes, self.processes = [], []
        for _ in range(number):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs,), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)
        for pipe in self.pipes:
            assert pipe.recv() == "ready"

    def contestant(self, kind: str) -> Contestant:
        def run(wallets: int, seconds: int) -> float:
            start = time.perf_counter()
            for pipe in self.pipes:
                pipe.send((kind, wallets, seconds))
            commits = sum(int(pipe.recv()) for pipe in self.pipes)
            return commits / (time.perf_counter() - start)

        return run

    def stop(self) -> None:
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(10)
