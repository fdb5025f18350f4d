"""Webhook deliveries, with and without endpoints that hang.

    uv run python -m bench.webhooks

2,000 deliveries to 50 endpoints of which 10 take every request and never answer, beside the same
deliveries to the 40 alone, in turns. One qcluster, as the demo starts it; the endpoints are one
server in a process of its own that answers after 20 ms. Each turn has new endpoints, so nothing
is known of them. Measured is the time from the first recorded event until the 40 have all of
theirs. Exits non-zero only when a delivery of theirs was lost or came twice.
"""

import argparse
import asyncio
import os
import socket
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench import stage
from pvideo_platform.demo import parts

ENDPOINTS, HANGING, EACH = 50, 10, 40
ANSWER_SECONDS = 0.02
TARGET = 1.3
MOST_SECONDS = 90.0


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST /hang"):
            await asyncio.sleep(3600)
        await asyncio.sleep(ANSWER_SECONDS)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _serve(listening: socket.socket) -> None:
    server = await asyncio.start_server(_answer, sock=listening)
    await server.serve_forever()


@contextmanager
def customers() -> Iterator[str]:
    """The endpoints' server in a process of its own; its host:port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
    process = os.fork()
    if process == 0:
        try:
            asyncio.run(_serve(listening))
        finally:
            os._exit(0)
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        with suppress(ProcessLookupError, ChildProcessError):  # the stage clears up as well
            os.kill(process, 9)
            os.waitpid(process, 0)
        listening.close()


def turn(netloc: str, *, hanging: bool) -> tuple[float, list[str]]:
    """One turn: seconds until those that answer have all, and what went wrong."""
    from django.utils import timezone

    from webhooks import delivering, events
    from webhooks.models import Delivery, Endpoint

    organization = stage.organization_id()
    Endpoint.objects.filter(deleted_at=None).update(deleted_at=timezone.now())
    answering = ENDPOINTS - HANGING
    made = [_endpoint(f"http://{netloc}/well/{number}") for number in range(answering)]
    if hanging:
        for number in range(HANGING):
            _endpoint(f"http://{netloc}/hang/{number}")
    started = time.monotonic()
    for number in range(EACH):
        events.record(
            organization_id=organization,
            type="generation.completed",
            data={"id": str(uuid.uuid4()), "number": number},
            dedup_key=str(uuid.uuid4()),
        )
    theirs = Delivery.objects.filter(endpoint__in=made)
    while theirs.exclude(state="delivered").exists():
        time.sleep(0.02)
        if time.monotonic() - started > MOST_SECONDS:
            break
    seconds = time.monotonic() - started
    found = []
    if (count := theirs.filter(state="delivered", attempts=1).count()) != answering * EACH:
        found.append(f"{count} of {answering * EACH} were delivered at the first attempt")
    Delivery.objects.filter(state="pending").update(
        state="canceled", next_attempt_at=None, ended_at=timezone.now()
    )
    while Delivery.objects.filter(state="delivering").exists():
        time.sleep(0.1)
        delivering.give_up_leases()
    return seconds, found


def _endpoint(url: str) -> uuid.UUID:
    from webhooks import sealing, signing
    from webhooks.models import Endpoint

    made = Endpoint.objects.create(
        organization_id=stage.organization_id(),
        url=url,
        event_types=["*"],
        secret_sealed=sealing.seal(signing.new_secret()),
    )
    return made.pk


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found: list[str] = []
    alone: list[float] = []
    beside: list[float] = []
    with customers() as netloc, stage.platform_on_stage() as running:
        running.env["FETCH_ALLOWED_NETLOCS"] = netloc
        running.start(parts.worker(running.options, stage.TOKEN))
        print(stage.heading())
        for number in range(options.rounds + 1):  # the first warms up
            for is_hanging in (False, True) if number % 2 else (True, False):
                seconds, wrong = turn(netloc, hanging=is_hanging)
                found += wrong
                if number:
                    (beside if is_hanging else alone).append(seconds)
            stage.say(f"round {number} of {options.rounds}")
    print(f"\n{'round':<10}{'40 alone s':>12}{'beside 10 s':>14}{'ratio':>8}")
    ratios = [b / a for a, b in zip(alone, beside, strict=True)]
    for number, (a, b, ratio) in enumerate(zip(alone, beside, ratios, strict=True), 1):
        print(f"{number:<10}{a:>12.2f}{b:>14.2f}{ratio:>8.2f}")
    a, b, ratio = (statistics.median(figures) for figures in (alone, beside, ratios))
    verdict = "PASS" if ratio <= TARGET else "MISS"
    print(f"{'median':<10}{a:>12.2f}{b:>14.2f}{ratio:>8.2f}  {verdict} (<= {TARGET})")
    print(f"{(ENDPOINTS - HANGING) * EACH / a:,.0f} deliveries a second alone")
    for one in found:
        print(one)
    print("WRONG" if found else "every delivery came once")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
