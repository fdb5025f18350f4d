"""Accepting a job, beside the least that an authenticated request can cost.

    uv run python -m bench.accept

`POST /api/v1/generations` (validated, priced, inserted, its cost held: 202) and `GET /api/v1/me`
(the same authentication and permission: one key look-up), in turns, through the project's own
gunicorn, from one client with 8 keep-alive connections. All jobs are of one wallet, which is the
harder case. No worker runs. Figures are answers per second, medians of the rounds; the ratio is
the median of the rounds' own ratios, because what else runs on the machine changes between rounds.
Exits non-zero only when an answer, a count or the books are wrong.
"""

import argparse
import json
import statistics
import sys

from bench import stage
from bench.load import Connection, Load, play, repeated, request_bytes
from pvideo_platform.demo import parts

CONNECTIONS = 8
TARGET = 0.5
BODY = {
    "model": "p-video",
    "input": {"prompt": "A cat walking in a garden", "duration": 5, "draft": True},
    "metadata": {"order": "2026-1001"},
}
MICROS = 25_000  # of each job: 5 s of p-video, 720p, draft
ORDER = ("bare", "accept", "accept", "bare") * 2  # short turns: other load hits both alike
EXPECTED = {"bare": 200, "accept": 202}


def contestants(key: str) -> dict[str, bytes]:
    """What each of them sends."""
    body = json.dumps(BODY).encode()
    return {
        "bare": request_bytes("GET", "/api/v1/me", key),
        "accept": request_bytes("POST", "/api/v1/generations", key, body),
    }


def measure(running: stage.Stage, rounds: int, seconds: float) -> dict[str, list[Load]]:
    """Loads by contestant. The first, short round warms up and is counted, but not shown."""
    loads: dict[str, list[Load]] = {name: [] for name in EXPECTED}
    requests = contestants(running.api_key)
    for number in range(rounds + 1):
        # All on the same connections: how these spread over the server's processes is chance.
        connections = [Connection(running.options.port) for _ in range(CONNECTIONS)]
        played = {name: Load() for name in EXPECTED}
        for name in ORDER:
            share = (seconds if number else 1.0) / ORDER.count(name)
            played[name].add(play(connections, repeated(requests[name], share)))
        for connection in connections:
            connection.close()
        for name, load in played.items():
            loads[name].append(load)
        stage.say(f"round {number} of {rounds}")
    return loads


def report(loads: dict[str, list[Load]]) -> None:
    print(f"\n{'round':<10}{'bare /s':>10}{'accept /s':>12}{'ratio':>8}")
    figures = {name: [load.per_second for load in played[1:]] for name, played in loads.items()}
    ratios = [a / b for a, b in zip(figures["accept"], figures["bare"], strict=True)]
    rows = zip(figures["bare"], figures["accept"], ratios, strict=True)
    for number, (bare, accept, ratio) in enumerate(rows, 1):
        print(f"{number:<10}{bare:>10,.0f}{accept:>12,.0f}{ratio:>8.2f}")
    bare, accept = (statistics.median(figures[name]) for name in ("bare", "accept"))
    ratio = statistics.median(ratios)
    verdict = "PASS" if ratio >= TARGET else "MISS"
    print(f"{'median':<10}{bare:>10,.0f}{accept:>12,.0f}{ratio:>8.2f}  {verdict} (>= {TARGET})")


def mistakes(loads: dict[str, list[Load]]) -> list[str]:
    """Wrong answers, rows that do not match the answers, and what is off in the books."""
    from billing.models import Wallet
    from generations.models import Generation

    found = [
        f"{name}: answered {status} {number} times"
        for name, played in loads.items()
        for load in played
        for status, number in load.answers.items()
        if status != EXPECTED[name]
    ]
    accepted = sum(load.answers.get(202, 0) for load in loads["accept"])
    rows = Generation.objects.count()
    if rows != accepted:
        found.append(f"{accepted} were accepted, there are {rows} rows")
    held = Wallet.objects.get(pk=stage.organization_id()).held_micros
    if held != accepted * MICROS:
        found.append(f"{accepted} jobs at {MICROS} micros hold {held}")
    print(f"\n{accepted:,} jobs accepted, {held / 1e6:,.3f} USD held")
    return [*found, *stage.books_problems()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    with stage.platform_on_stage() as running:
        stage.give_credits(10_000)
        running.start(parts.web(running.options))
        print(stage.heading())
        loads = measure(running, options.rounds, options.seconds)
        report(loads)
        found = mistakes(loads)
    for one in found:
        print(one)
    print("WRONG" if found else "books balance")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
