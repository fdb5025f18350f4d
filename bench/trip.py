"""The whole trip, 500 times, on the whole platform.

    uv run python -m bench.trip

PostgreSQL, gunicorn, one qcluster and the sandbox as real processes with the project's own
settings; the sandbox takes 0.3 s to answer a submission and makes the video at once. First 20
single jobs, one after another on an idle platform; then 500 as fast as they are accepted. Exits
non-zero only when the books, a count or a job's end are wrong.

- trip: from the first request to the last settlement (its row's `completed_at`).
- in flight: the most submissions that the sandbox had open at once.
- 202 to submission: from the row's `created_at` to the sandbox's `received_at` of the same job,
  matched by the provider's request id. Under load this is the time in the queue.
- memory: of each part when all is settled and drawn; PSS shares out what processes have in common.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from bench import stage
from bench.load import Connection, play, request_bytes
from pvideo_platform.demo import parts, wire

CONNECTIONS = 8
SANDBOX = {
    "submit_latency_seconds": 0.3,
    "queued_seconds": 0.0,
    "processing_seconds": 0.0,
    "shared_render": True,
}
SETTLED_SECONDS = 90.0
DRAWN_SECONDS = 30.0
IN_FLIGHT_TARGET = 32
IDLE_P50_TARGET_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, and what else is counted."""

    idle: list[float]
    queued: list[float]
    accepted_in: float
    trip: float
    drawn_after: float
    in_flight: int
    memory: list[tuple[str, int, int, int]]


def request(key: str, number: int) -> bytes:
    made = {"prompt": f"Bench job {number}", "duration": 1, "draft": True}
    body = json.dumps({"model": "p-video", "input": made}).encode()
    return request_bytes("POST", "/api/v1/generations", key, body)


def settle(jobs: int) -> None:
    """Wait until so many jobs have ended."""
    from generations.models import OPEN_STATES, Generation

    until = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < until:
        if Generation.objects.exclude(state__in=OPEN_STATES).count() >= jobs:
            return
        time.sleep(0.05)
    stage.say(f"not all of {jobs} jobs have ended after {SETTLED_SECONDS:.0f} s")


def draw() -> float:
    """Wait until every video has its poster and preview; returns the seconds that it took."""
    from generations.models import Media

    began = time.monotonic()
    while time.monotonic() < began + DRAWN_SECONDS:
        if not Media.objects.filter(preview="").exists():
            break
        time.sleep(0.05)
    return time.monotonic() - began


def play_idle(running: stage.Stage, jobs: int) -> None:
    """One job after another, each on a platform that has nothing else to do."""
    for number in range(jobs):
        connection = Connection(running.options.port)
        play([connection], iter([request(running.api_key, number)]))
        connection.close()
        settle(number + 1)
        time.sleep(random.uniform(0.3, 0.6))  # out of step with what the workers do in turns
    stage.say(f"{jobs} single jobs done")


def play_all(running: stage.Stage, first: int, jobs: int) -> tuple[float, float]:
    """All at once. Returns how long accepting took, and the whole trip."""
    from django.db.models import Max

    from generations.models import Generation

    numbers = range(first, first + jobs)
    requests: Iterator[bytes] = iter([request(running.api_key, number) for number in numbers])
    connections = [Connection(running.options.port) for _ in range(CONNECTIONS)]
    began = datetime.now(UTC)
    load = play(connections, requests)
    stage.say(f"{jobs} jobs accepted: {load.answers}")
    for connection in connections:
        connection.close()
    settle(first + jobs)
    ended = Generation.objects.aggregate(at=Max("completed_at"))["at"]
    return load.seconds, (ended - began).total_seconds()


def waits(submissions: list[dict[str, Any]]) -> list[float]:
    """Seconds from a job's acceptance to its submission, in the order of acceptance."""
    from generations.models import Generation

    received = {
        one["request_id"]: datetime.fromisoformat(one["received_at"]) for one in submissions
    }
    rows = Generation.objects.order_by("id").values_list("provider_request_id", "created_at")
    return [(received[known] - at).total_seconds() for known, at in rows if known in received]


def memory(running: stage.Stage) -> list[tuple[str, int, int, int]]:
    """Of each part: how many processes, and their RSS and PSS in bytes."""
    found = []
    for name, pid in running.root_pids().items():
        root = psutil.Process(pid)
        sizes = [one.memory_full_info() for one in [root, *root.children(recursive=True)]]
        found.append((name, len(sizes), sum(s.rss for s in sizes), sum(s.pss for s in sizes)))
    return found


def mistakes(jobs: int, submissions: list[dict[str, Any]]) -> list[str]:
    """Jobs that did not end well, submissions that are not one for each, and the books."""
    from billing.models import Wallet
    from generations.models import Generation, State

    completed = Generation.objects.filter(state=State.COMPLETED)
    found = []
    if completed.count() != jobs:
        states = Generation.objects.values_list("state", "note", "error").distinct()
        found.append(f"{completed.count()} of {jobs} jobs completed: {list(states)}")
    sent = [one["request_id"] for one in submissions]
    known = Generation.objects.values_list("provider_request_id", flat=True)
    if sorted(sent) != sorted(str(one) for one in known):
        found.append(f"{len(sent)} submissions for {jobs} jobs, or of other jobs")
    if held := Wallet.objects.get(pk=stage.organization_id()).held_micros:
        found.append(f"{held} micros are still held")
    return [*found, *stage.books_problems()]


def report(figures: Figures, jobs: int) -> None:
    def row(what: str, value: str, met: bool | None = None, target: str = "") -> None:
        verdict = "" if met is None else f"{'PASS' if met else 'MISS'} ({target})"
        print(f"{what:<46}{value:>12}  {verdict}".rstrip())

    idle_p50 = statistics.median(figures.idle)
    print()
    row(f"accepting {jobs} jobs", f"{figures.accepted_in:.1f} s")
    row("trip: first request to last settlement", f"{figures.trip:.1f} s")
    row("settled per second", f"{jobs / figures.trip:.1f}")
    row("posters and previews after that", f"{figures.drawn_after:.1f} s")
    enough = figures.in_flight >= IN_FLIGHT_TARGET
    row("submissions in flight, most", str(figures.in_flight), enough, f">= {IN_FLIGHT_TARGET}")
    prompt = idle_p50 < IDLE_P50_TARGET_SECONDS
    row(
        f"202 to submission, idle, p50 of {len(figures.idle)}",
        f"{idle_p50:.2f} s",
        prompt,
        f"< {IDLE_P50_TARGET_SECONDS} s",
    )
    row("202 to submission, idle, p95", f"{_p95(figures.idle):.2f} s")
    row("202 to submission, all at once, p50", f"{statistics.median(figures.queued):.2f} s")
    row("202 to submission, all at once, p95", f"{_p95(figures.queued):.2f} s")
    print(f"\n{'memory, MB':<20}{'processes':>12}{'RSS':>10}{'PSS':>10}")
    for name, processes, rss, pss in figures.memory:
        print(f"{name:<20}{processes:>12}{rss / 1e6:>10.0f}{pss / 1e6:>10.0f}")


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--idle-jobs", type=int, default=20)
    options = parser.parse_args()
    jobs, idle = options.jobs, options.idle_jobs
    with stage.platform_on_stage() as running:
        stage.give_credits(1_000)
        asked = running.options
        running.start(parts.sandbox(asked), parts.worker(asked, stage.TOKEN), parts.web(asked))
        control = f"{asked.sandbox_url}/_sandbox"
        wire.request("POST", f"{control}/settings", body=SANDBOX)
        print(stage.heading())
        play_idle(running, idle)
        accepted_in, trip = play_all(running, idle, jobs)
        told = wire.request("GET", f"{control}/submissions").json()
        every = waits(told["submissions"])
        report(
            Figures(
                idle=every[:idle],
                queued=every[idle:],
                accepted_in=accepted_in,
                trip=trip,
                drawn_after=draw(),
                in_flight=told["in_flight_max"],
                memory=memory(running),
            ),
            jobs,
        )
        found = mistakes(jobs + idle, told["submissions"])
    for one in found:
        print(one)
    print("\nWRONG" if found else "\nbooks balance, nothing is held, one submission for each job")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
