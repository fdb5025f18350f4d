"""`manage.py roll_up`: add up days again, from their generations and entries."""

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from staff import dashboard_periods, dashboard_rollups


class Command(BaseCommand):
    help = (
        "Add up the days that the staff's dashboard and trial balance read. Without dates: what is "
        "due, as the sweep does it each minute. Safe on a live system."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=_day, metavar="DATE", help="first day (UTC)")
        parser.add_argument("--until", type=_day, metavar="DATE", help="last day; default: today")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["since"] is None:
            count = dashboard_rollups.catch_up(most=100_000)
        else:
            until = min(options["until"] or dashboard_periods.today(), dashboard_periods.today())
            days = dashboard_periods.Period("", options["since"], until).days
            for day in days:
                dashboard_rollups.roll(day)
            count = len(days)
        self.stdout.write(f"{count} days added up.")


def _day(text: str) -> date:
    day = dashboard_periods.day(text)
    if day is None:
        raise ArgumentTypeError("write a day as 2026-11-01")
    return day
