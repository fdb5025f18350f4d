"""The staff's admin on a large platform: the dashboard and the main lists.

    uv run python -m bench.admin

Two platforms in one PostgreSQL, of 10,000 generations and of 1,000,000 (five ledger entries each),
built by SQL (bench/admin_rows.py), each with the project's own gunicorn. The days are added up as
the sweep does it, and the books are checked whole. Then each page by itself, one request at a time,
in turns on both platforms: p50 of each round; figures are medians of the rounds.

Exits non-zero only when an answer is wrong, or the books are.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from urllib.parse import urlencode, urlsplit

from bench import admin_rows, stage
from bench.load import Connection, request_bytes, timed
from pvideo_platform.demo import parts

FEWER, LARGE = 10_000, 1_000_000
MOST_OF_SMALL, MOST_MS = 1.5, 300.0
ADDED_UP = {
    "dashboard, today": "/admin/?period=today",
    "dashboard, 7 days": "/admin/?period=7d",
    "dashboard, 90 days": "/admin/?period=90d",
    "captures of four weeks": "/admin/billing/entry/?kind__exact=capture&since={since}",
}
LISTS = {
    "generations": "/admin/generations/generation/",
    "generations: failed": "/admin/generations/generation/?state__exact=failed",
    "generations: by id": "/admin/generations/generation/?q={generation}",
    "one generation": "/admin/generations/generation/{generation}/change/",
    "entries": "/admin/billing/entry/",
    "entries: captures": "/admin/billing/entry/?kind__exact=capture",
    "entries: an organization's": "/admin/billing/entry/?organization={organization}",
    "entries: of a generation": "/admin/billing/entry/?reference={generation}",
    "holds": "/admin/billing/hold/",
    "organizations": "/admin/accounts/organization/",
    "top-ups": "/admin/billing/topup/",
    "events": "/admin/generations/generationevent/",
    "provider callbacks": "/admin/generations/providercallback/",
    "generations: of an early quarter": "/admin/generations/generation/?{quarter}",
    "entries: of an early quarter": "/admin/billing/entry/?{quarter}",
    "holds: of an early quarter": "/admin/billing/hold/?{quarter}",
    "events: of an early quarter": "/admin/generations/generationevent/?{quarter}",
    "trial balance": "/admin/staff/dailymoney/",
    "reconciliation": "/admin/staff/difference/",
}


@dataclass
class Platform:
    """One of the two, with its own database and web server."""

    rows: int
    port: int
    requests: dict[str, bytes]


_ADD_UP = """
import time, django; django.setup()
from staff import dashboard_rollups
from staff.models import Source
from staff.reconciliation_checks import check
begun = time.monotonic()
days = dashboard_rollups.catch_up(most=1000)
print(f"{days} days added up in {time.monotonic() - begun:.1f} s")
begun = time.monotonic()
problems, totals = check(Source.BOOKS)
print(f"the books were checked in {time.monotonic() - begun:.1f} s: {totals}")
for problem in problems[:5]:
    print(f"WRONG {problem}")
"""


def _days(ago: int, length: int) -> str:
    """A period as the links above a list write it."""
    begin = datetime.combine(date.today() - timedelta(days=ago), time_of_day(), UTC)
    end = begin + timedelta(days=length)
    return urlencode({"created_at__gte": begin.isoformat(), "created_at__lt": end.isoformat()})


def prepared(running: stage.Stage, url: str, rows: int) -> list[str]:
    """Build, add up and check one of them; what is wrong."""
    seconds = admin_rows.build(url, rows=rows)
    print(f"{rows:,} generations built and analyzed in {seconds:.1f} s")
    made = subprocess.run(
        [sys.executable, "-c", _ADD_UP],
        env={
            **os.environ,
            **running.env,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "pvideo_platform.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    print(made.stdout, end="", flush=True)
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) staff_dailywork, staff_dailymoney, staff_rolledday")
    return [line for line in made.stdout.splitlines() if line.startswith("WRONG")]


def platforms(running: stage.Stage, rows: tuple[int, int]) -> tuple[Platform, Platform, list[str]]:
    """Both of them, built, served and prepared; and what is wrong with them."""
    import psycopg
    from django.db import connection
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(
        User.objects.create_superuser("bench@staff.example", "bench"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    session = client.cookies["sessionid"].value
    connection.close()  # a database that is copied has no other visitors
    url = urlsplit(running.env["DATABASE_URL"])  # libpq takes the same
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE large TEMPLATE {url.path[1:]}")
    made, wrong = [], []
    for number, (name, size) in enumerate(zip((url.path[1:], "large"), rows, strict=True)):
        own = url._replace(path=f"/{name}").geturl()
        wrong += prepared(running, own, size)
        options = replace(running.options, port=running.options.port + number)  # no sandbox there
        part = parts.web(options)
        part.log = options.logs / f"web-{name}.log"
        running.start(part, DATABASE_URL=own, PUBLIC_BASE_URL=options.base_url)
        with psycopg.connect(own) as looking:
            row = looking.execute(
                "SELECT id, organization_id FROM generations_generation WHERE state = 'completed' "
                "ORDER BY id OFFSET %s LIMIT 1",
                [size // 2],
            ).fetchone()
        assert row is not None
        things = {
            "generation": row[0],
            "organization": row[1],
            "since": date.today() - timedelta(days=28),
            "quarter": _days(300, 90),
        }
        requests = {
            name: request_bytes("GET", path.format(**things), "none", Cookie=f"sessionid={session}")
            for name, path in {**ADDED_UP, **LISTS}.items()
        }
        made.append(Platform(size, options.port, requests))
    return made[0], made[1], wrong


def measured(
    small: Platform, large: Platform, rounds: int, requests: int, tell: Callable[[str], None]
) -> dict[str, list[tuple[float, float]]]:
    """p50 in ms on the small and on the large platform, of each page, by round."""
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in small.requests}
    connections = {one.port: Connection(one.port) for one in (small, large)}
    for number in range(rounds + 1):
        for name, pairs in figures.items():
            taken: dict[int, list[float]] = {small.port: [], large.port: []}
            for turn in range(requests if number else 3):
                for one in (small, large) if turn % 2 else (large, small):
                    status, seconds = timed(connections[one.port], one.requests[name])
                    taken[one.port].append(seconds * 1000)
                    if status != 200:
                        tell(f"{name}: answered {status} at {one.rows:,}")
            if number:
                pairs.append(
                    (statistics.median(taken[small.port]), statistics.median(taken[large.port]))
                )
        stage.say(f"round {number} of {rounds}")
    for connection in connections.values():
        connection.close()
    return figures


def report(figures: dict[str, list[tuple[float, float]]], small: Platform, large: Platform) -> None:
    print(f"\n{'p50, ms':<32}{f'{small.rows:,}':>12}{f'{large.rows:,}':>12}{'ratio':>8}")
    for name, pairs in figures.items():
        few, many, ratio = (
            statistics.median(one) for one in zip(*((a, b, b / a) for a, b in pairs), strict=True)
        )
        good = many < MOST_MS if name in ADDED_UP else ratio <= MOST_OF_SMALL
        verdict = "PASS" if good else "MISS"
        print(f"{name:<32}{few:>12.1f}{many:>12.1f}{ratio:>8.2f}  {verdict}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--small", type=int, default=FEWER)
    parser.add_argument("--large", type=int, default=LARGE)
    options = parser.parse_args()
    begun = time.monotonic()
    with stage.platform_on_stage(STAFF_SECOND_FACTOR_REQUIRED="false") as running:
        print(stage.heading())
        small, large, wrong = platforms(running, (options.small, options.large))
        figures = measured(small, large, options.rounds, options.requests, wrong.append)
        report(figures, small, large)
    for one in sorted(set(wrong)):
        print(one)
    print("WRONG" if wrong else "all answers are right", f"({time.monotonic() - begun:.0f} s)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
