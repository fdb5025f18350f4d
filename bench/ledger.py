"""Hold + capture through the project's own code, beside pgbench on the same server.

    uv run python -m bench.ledger

Starts a server of its own on a temporary folder (default settings: fsync on), plays every
contestant in interleaved rounds, and prints medians in commits per second, their ratios, and
whether each target is met. A cycle is a hold and a capture: two commits. Exits non-zero only when
the books do not balance afterwards.
"""

import argparse
import atexit
import os
import platform
import random
import re
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.ledger_clients import Clients
from bench.ledger_pgbench import Pgbench
from bench.ledger_wallets import CREDIT_MICROS, WALLETS, Contestant, wallet_id

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


Figures = dict[tuple[str, int], list[float]]


def play(contestants: dict[str, Contestant], rounds: int, seconds: int) -> Figures:
    """Commits per second of each round, by contestant and number of wallets.

    Those that are compared run one after the other, so that a busy machine is busy for all.
    """
    figures: Figures = {(name, wallets): [] for wallets in WHERE for name in contestants}
    for name, wallets in figures:
        contestants[name](wallets, 1)  # warm: plans, connections, pages
    for number in range(rounds):
        for wallets in WHERE:
            for name in random.sample(list(contestants), len(contestants)):
                figures[name, wallets].append(contestants[name](wallets, seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return figures


def report(figures: Figures) -> None:
    """Medians over the rounds; a ratio is the median of the rounds' own ratios."""
    print(f"\n{'commits per second':<26}" + "".join(f"{text:>16}" for text in WHERE.values()))
    for name, text in NAMES.items():
        medians = (statistics.median(figures[name, wallets]) for wallets in WHERE)
        print(f"{text:<26}" + "".join(f"{median:>16,.0f}" for median in medians))
    print(f"\n{'ratio':<58}{'is':>6}{'rounds':>14}{'target':>8}")
    for name, base, targets in TARGETS:
        for wallets, target in targets.items():
            pairs = zip(figures[name, wallets], figures[base, wallets], strict=True)
            ratios = [ours / theirs for ours, theirs in pairs]
            ratio, spread = statistics.median(ratios), f"{min(ratios):.2f}-{max(ratios):.2f}"
            what = f"{NAMES[name]} / {NAMES[base]}, {WHERE[wallets]}"
            verdict = "PASS" if ratio >= target else "MISS"
            print(f"{what:<58}{ratio:>6.2f}{spread:>14}{target:>8.1f}  {verdict}")


def machine() -> str:
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    chip = model[1] if model else platform.processor()
    return f"{chip}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2)
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
