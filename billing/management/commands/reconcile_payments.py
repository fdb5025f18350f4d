"""`manage.py reconcile_payments`: our payments against Stripe's own records."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import payment_books, payments, reconciliation

DEFAULT_DAYS = 30


class Command(BaseCommand):
    help = (
        "Compare top-ups, refunds and disputes with Stripe's own records, and with the ledger. "
        "What was only late is mended on the way. Exits 1 with a list where they differ. "
        "Safe on a live system."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=_moment,
            metavar="DATE",
            help="the first day or moment (UTC) to compare, such as 2026-11-01 or "
            f"2026-11-01T12:30; default: {DEFAULT_DAYS} days ago",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_API_KEY:
            raise CommandError("Payments are not set up: set STRIPE_API_KEY.")
        since = options["since"] or timezone.now() - timedelta(days=DEFAULT_DAYS)
        try:
            problems = payment_books.compare(since)
        except (payments.PaymentUnknown, payments.PaymentRefused) as error:
            raise CommandError(f"Stripe could not be asked: {error.message}") from error
        with reconciliation.snapshot():
            problems += payment_books.check()
        for problem in problems:
            self.stdout.write(str(problem))
        told = f"{len(problems)} differences" if problems else "Payments and Stripe agree"
        self.stdout.write(f"{told} (since {since:%Y-%m-%d %H:%M} UTC).")
        if problems:
            sys.exit(1)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
