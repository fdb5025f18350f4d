"""`manage.py audit_books`: recompute the money, and say whether it is all there."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from billing import money, payment_books, reconciliation
from billing.reconciliation import BooksReport
from generations import books


class Command(BaseCommand):
    help = (
        "Recompute every wallet from its entries, and every hold, payment and generation against "
        "them. Payments against Stripe: reconcile_payments. "
        "Exits 1 with a list when anything is off. Safe on a live system."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="write one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with reconciliation.snapshot():
                report = reconciliation.check()
                problems = [*report.problems, *payment_books.check(), *books.check()]
                generations = books.count()
        except ProgrammingError as error:
            raise CommandError(
                "This database has no books yet: run `manage.py migrate` first. The demo keeps its "
                "own: PVIDEO_DATA_DIR=var/demo uv run manage.py audit_books"
            ) from error
        if options["json"]:
            figures = asdict(report) | {
                "generations": generations,
                "problems": [asdict(problem) for problem in problems],
                "balanced": not problems,
            }
            self.stdout.write(json.dumps(figures, indent=2))
        else:
            self._print(report, generations)
            for problem in problems:
                self.stdout.write(str(problem))
            self.stdout.write(f"{len(problems)} problems." if problems else "Books balance.")
        if problems:
            sys.exit(1)

    def _print(self, report: BooksReport, generations: int) -> None:
        self._amounts("System accounts (USD)", report.accounts_micros)
        wallets = {
            "balance": report.balance_micros,
            "of it held": report.held_micros,
            "debt": report.debt_micros,
        }
        self._amounts("Wallets (USD)", wallets)
        counts = {
            "wallets": report.wallets,
            "entries": report.entries,
            "holds": report.holds,
            "generations": generations,
        }
        self.stdout.write("Rows")
        for name, number in counts.items():
            self.stdout.write(f"  {name:<14}{number:>22,}")

    def _amounts(self, title: str, amounts: dict[str, int]) -> None:
        self.stdout.write(title)
        for name, micros in amounts.items():
            self.stdout.write(f"  {name:<14}{money.dollars(micros):>22}")
