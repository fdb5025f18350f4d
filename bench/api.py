"""The API's reading side: beside the least that a request can cost, and on a large platform.

    uv run python -m bench.api

Two platforms in one PostgreSQL, of 10,000 generations and of 1,000,000, built by SQL
(bench/api_rows.py), each with the project's own gunicorn; all of one organization, which is the
harder case.

1. `GET /api/v1/generations` (20 rows, of which most have a video: 60 signed links) and `GET
   /api/v1/generations/{id}`, beside `GET /api/v1/me`: the same key look-up and rate limits, and
   next to no answer. On the large platform, in turns, 8 keep-alive connections; the ratio is the
   median of the rounds' own ratios.
2. The list by itself, one request at a time, in turns on both platforms: p95 of each kind of page
   and filter, in each round; figures are medians of the rounds.

Exits non-zero only when an answer is wrong.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from bench import api_rows, stage
from bench.load import Connection, Load, play, repeated, request_bytes, timed
from pvideo_platform.demo import parts

CONNECTIONS = 8
PAGE = 20
FEWER, LARGE = 10_000, 1_000_000
LEAST_OF_BARE, MOST_OF_SMALL = 0.6, 1.5
ORDER = ("bare", "list", "retrieve", "retrieve", "list", "bare") * 6  # short turns


@dataclass
class Platform:
    """One of the two, with its own database and web server."""

    rows: int
    port: int
    key: str
    requests: dict[str, bytes]
    wrong: list[str]

    def get(self, path: str) -> dict[str, Any]:
        """What it answers; for what is looked at and not measured."""
        asked = Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urlopen(asked, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def prepare(self, key_id: str, rare_key_id: str) -> None:
        """What is asked of it, each looked at once."""
        middle = datetime.now(UTC) - timedelta(days=180)
        day = {
            "created_after": middle.isoformat(),
            "created_before": (middle + timedelta(days=1)).isoformat(),
        }
        before = self.get(f"/api/v1/generations?limit=1&{urlencode(day)}")["next_cursor"]
        pages = {
            "first page": ({}, PAGE),
            "100 rows": ({"limit": 100}, 100),
            "a page in the middle": ({"cursor": before}, PAGE),
            "oldest first": ({"order": "oldest"}, PAGE),
            "status: most": ({"status": "completed"}, PAGE),
            "status: 4 in 100": ({"status": "failed"}, PAGE),
            "status: open ones": ({"status": "processing"}, PAGE),
            "status: 5 rows": ({"status": "expired"}, api_rows.RARE),
            "model: 1 in 5": ({"model": "p-video-avatar"}, PAGE),
            "created: a day in the middle": (day, PAGE),
            "api_key: 7 in 10": ({"api_key": key_id}, PAGE),
            "api_key: 5 rows": ({"api_key": rare_key_id}, api_rows.RARE),
            "metadata: 3 in 100": ({"metadata[campaign]": "S-7"}, PAGE),
            "metadata: 3 in 1000": ({"metadata[customer]": "C-7"}, PAGE),
            "metadata: 5 rows": ({"metadata[rare]": "yes"}, api_rows.RARE),
            "metadata: one row": ({"metadata[order]": f"A-{self.rows // 2}"}, 1),
            "metadata: none": ({"metadata[order]": "B-1"}, 0),
        }
        for name, (query, expected) in pages.items():
            path = f"/api/v1/generations?{urlencode(query, quote_via=quote)}"
            if (found := len(self.get(path)["results"])) != expected:
                self.wrong.append(f"{name}: {found} of {expected} at {self.rows:,}")
            self.requests[name] = request_bytes("GET", path, self.key)


def per_second(large: Platform, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Answers per second of each contestant, by round. The first, short round warms up."""
    completed = large.get("/api/v1/generations?limit=1&status=completed")["results"][0]["id"]
    paths = {
        "bare": "/api/v1/me",
        "list": "/api/v1/generations?status=completed",
        "retrieve": f"/api/v1/generations/{completed}",
    }
    requests = {name: request_bytes("GET", path, large.key) for name, path in paths.items()}
    figures: dict[str, list[float]] = {name: [] for name in paths}
    for number in range(rounds + 1):
        connections = [Connection(large.port) for _ in range(CONNECTIONS)]
        played = {name: Load() for name in paths}
        for name in ORDER:
            share = (seconds if number else 1.0) / ORDER.count(name)
            played[name].add(play(connections, repeated(requests[name], share)))
        for connection in connections:
            connection.close()
        for name, load in played.items():
            large.wrong += [
                f"{name}: answered {status}" for status in load.answers if status != 200
            ]
            if number:
                figures[name].append(load.per_second)
        stage.say(f"per second: round {number} of {rounds}")
    return figures


def latencies(
    small: Platform, large: Platform, rounds: int, requests: int
) -> dict[str, list[tuple[float, float]]]:
    """p95 in ms on the small and on the large platform, of each kind of page, by round."""
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in small.requests}
    connections = {one.port: Connection(one.port) for one in (small, large)}
    for number in range(rounds + 1):
        for name, pairs in figures.items():
            taken: dict[int, list[float]] = {small.port: [], large.port: []}
            for turn in range(requests if number else requests // 10):
                for one in (small, large) if turn % 2 else (large, small):
                    status, seconds = timed(connections[one.port], one.requests[name])
                    taken[one.port].append(seconds * 1000)
                    if status != 200:
                        one.wrong.append(f"{name}: answered {status}")
            if number:
                pairs.append((p95(taken[small.port]), p95(taken[large.port])))
        stage.say(f"p95: round {number} of {rounds}")
    for connection in connections.values():
        connection.close()
    return figures


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def report_per_second(figures: dict[str, list[float]]) -> None:
    print(f"\n{'round':<10}{'bare /s':>10}", end="")
    print("".join(f"{f'{name} /s':>14}{'ratio':>8}" for name in ("list", "retrieve")))
    ratios = {
        name: [one / bare for one, bare in zip(found, figures["bare"], strict=True)]
        for name, found in figures.items()
    }
    for number, bare in enumerate(figures["bare"]):
        line = f"{number + 1:<10}{bare:>10,.0f}"
        for name in ("list", "retrieve"):
            line += f"{figures[name][number]:>14,.0f}{ratios[name][number]:>8.2f}"
        print(line)
    line = f"{'median':<10}{statistics.median(figures['bare']):>10,.0f}"
    for name in ("list", "retrieve"):
        ratio = statistics.median(ratios[name])
        line += f"{statistics.median(figures[name]):>14,.0f}{ratio:>8.2f}"
        line += " PASS" if ratio >= LEAST_OF_BARE else " MISS"
    print(f"{line} (>= {LEAST_OF_BARE})")


def report_latencies(
    figures: dict[str, list[tuple[float, float]]], small: Platform, large: Platform
) -> None:
    print(f"\n{'p95, ms':<32}{f'{small.rows:,}':>12}{f'{large.rows:,}':>12}{'ratio':>8}")
    for name, pairs in figures.items():
        few, many, ratio = (
            statistics.median(one) for one in zip(*((a, b, b / a) for a, b in pairs), strict=True)
        )
        verdict = "PASS" if ratio <= MOST_OF_SMALL else "MISS"
        print(f"{name:<32}{few:>12.1f}{many:>12.1f}{ratio:>8.2f}  {verdict}")


def platforms(running: stage.Stage, rows: tuple[int, int]) -> tuple[Platform, Platform]:
    """Both of them, built, served and prepared."""
    import psycopg
    from django.db import connection

    from accounts import api_keys
    from accounts.models import ApiKey, Organization

    organization = Organization.objects.get(pk=stage.organization_id())
    key = ApiKey.objects.get(organization=organization)
    rare_key = api_keys.create(organization, name="rare")[0]
    connection.close()  # a database that is copied has no other visitors
    url = urlsplit(running.env["DATABASE_URL"])  # libpq takes the same
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE large TEMPLATE {url.path[1:]}")
    made = []
    for number, (name, size) in enumerate(zip((url.path[1:], "large"), rows, strict=True)):
        own = url._replace(path=f"/{name}").geturl()
        seconds = api_rows.build(
            own, rows=size, organization=organization.pk, key=key.pk, rare_key=rare_key.pk
        )
        print(f"{size:,} generations built and analyzed in {seconds:.1f} s")
        options = replace(running.options, port=running.options.port + number)  # no sandbox there
        part = parts.web(options)
        part.log = options.logs / f"web-{name}.log"
        running.start(part, DATABASE_URL=own, PUBLIC_BASE_URL=options.base_url)
        one = Platform(size, options.port, running.api_key, {}, [])
        one.prepare(str(key.pk), str(rare_key.pk))
        made.append(one)
    return made[0], made[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--small", type=int, default=FEWER)
    parser.add_argument("--large", type=int, default=LARGE)
    options = parser.parse_args()
    with stage.platform_on_stage() as running:
        print(stage.heading())
        small, large = platforms(running, (options.small, options.large))
        report_per_second(per_second(large, options.rounds, options.seconds))
        report_latencies(latencies(small, large, options.rounds, options.requests), small, large)
    found = [*small.wrong, *large.wrong]
    for one in sorted(set(found)):
        print(one)
    print("WRONG" if found else "all answers are right")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
