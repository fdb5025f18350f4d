"""Plays the trip over the public HTTP interfaces, and checks every figure.

A new customer buys credits at a browser, spends them with a program, and gets an unspent purchase
refunded.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pvideo_platform.demo import expectations, parts, purchases, trip_plan
from pvideo_platform.demo.client import Client
from pvideo_platform.demo.credentials import Credentials
from pvideo_platform.demo.dashboard import Dashboard
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.parts import Part
from pvideo_platform.demo.shopper import Shopper
from pvideo_platform.demo.supervisor import Supervisor
from pvideo_platform.demo.trip_plan import Job

JOBS_SECONDS = 75.0
POLL_SECONDS = 0.4
CHECK_SECONDS = 20.0
_OPEN = ("queued", "processing")


@dataclass
class Ride:
    """One job on its way."""

    job: Job
    generation: dict[str, Any]
    wrong: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.generation["status"] in _OPEN


def play(supervisor: Supervisor, made: Credentials) -> int:
    """Returns the exit code: 0 when every figure is what was worked out for it.

    Raises:
        DemoFailure: an interface did not answer as documented, or a job did not end in time.
        StopRequested: somebody pressed Ctrl-C.
    """
    began, since = time.monotonic(), datetime.now(UTC)
    options = supervisor.options
    neighbour = Client(options.base_url, made.api_key)
    before = neighbour.wallet()
    supervisor.say("\nWalkthrough, with a customer who is new.")
    shopper = Shopper(options.base_url)
    shopper.sign_up()
    client = Client(options.base_url, shopper.make_key())
    purchases.tell(supervisor, "signed up", f"{shopper.email}, with an API key")
    wrong = purchases.first(supervisor, shopper, client)
    rides = _ride(supervisor, client)
    wrong += [f"{ride.job.name}: {text}" for ride in rides for text in ride.wrong]
    wrong += purchases.refunded(
        supervisor,
        shopper,
        client,
        Dashboard(options.sandbox_url),
        [ride.generation for ride in rides],
    )
    wrong += _run(supervisor, parts.audit(options))
    wrong += _run(supervisor, parts.reconciliation(options, since=since))
    if neighbour.wallet() != before:
        wrong.append(f"another customer's wallet has changed: {neighbour.wallet()}, was {before}")
    if wrong:
        supervisor.say("\nNot as it should be:\n" + "\n".join(f"  {text}" for text in wrong))
    else:
        supervisor.say(f"\nEvery figure is what it has to be ({time.monotonic() - began:.0f} s).")
    return 1 if wrong else 0


def _ride(supervisor: Supervisor, client: Client) -> list[Ride]:
    """The ten jobs, paid from the credits; each ride knows what is wrong with it."""
    began = time.monotonic()
    start = client.wallet()
    supervisor.say("")
    rides = _submit_all(supervisor, client)
    ended = _follow(supervisor, client, rides, began)
    for ride in rides:
        _check(client, ride)
    _table(supervisor, ended, Decimal(start["balance"]))
    return rides


def _submit_all(supervisor: Supervisor, client: Client) -> list[Ride]:
    """All of them side by side."""
    plan = trip_plan.jobs(supervisor.options.sandbox_url)
    with ThreadPoolExecutor(max_workers=len(plan)) as pool:
        pending = [(job, pool.submit(client.submit, job)) for job in plan]
        while not all(answer.done() for _, answer in pending):
            supervisor.tick()
        rides = [Ride(job, answer.result()) for job, answer in pending]
    for ride in rides:
        cost = ride.generation["cost"]
        supervisor.say(f"  accepted   {ride.job.name:<26} {'$' + cost['held']:>11} held")
    return rides


def _follow(supervisor: Supervisor, client: Client, rides: list[Ride], began: float) -> list[Ride]:
    """Poll until all have ended; returns them in the order in which they did."""
    ended: list[Ride] = []
    while any(ride.open for ride in rides):
        supervisor.tick(POLL_SECONDS)
        for ride in [ride for ride in rides if ride.open]:
            before, ride.generation = ride.generation, client.generation(ride.generation["id"])
            if ride.generation["status"] != before["status"]:
                clock = f"{time.monotonic() - began:5.1f} s"
                supervisor.say(f"  {clock}    {ride.job.name:<26} {ride.generation['status']}")
            if not ride.open:
                ended.append(ride)
        if time.monotonic() - began > JOBS_SECONDS:
            late = ", ".join(ride.job.name for ride in rides if ride.open)
            raise DemoFailure(
                f"The walkthrough's jobs did not all end within {JOBS_SECONDS:.0f} seconds: {late}."
                f" The logs are in {supervisor.options.logs}."
            )
    return ended


def _check(client: Client, ride: Ride) -> None:
    """Status, file and figures of one job, against what was asked for."""
    job, generation = ride.job, ride.generation
    if generation["status"] != job.ends:
        ride.wrong.append(
            f"ended {generation['status']} instead of {job.ends} ({generation['error']})"
        )
    video = None
    if generation["status"] == "completed":
        try:
            video = expectations.read_video(client.download(generation["output"]["media_url"]))
        except ValueError as error:
            ride.wrong.append(f"the video {error}")
        else:
            about = expectations.wrong_video(job, generation, video)
            ride.wrong += [f"the video {text}" for text in about]
    ride.wrong += expectations.wrong_figures(job, generation, video)


def _table(supervisor: Supervisor, ended: list[Ride], balance: Decimal) -> None:
    """Print what each cost, in the order in which they were settled."""
    head = ("job", "status", "held", "charged", "refunded", "balance")
    shape = "  {:<26} {:<10} {:>10} {:>10} {:>10} {:>11}"
    lines = ["", shape.format(*head)]
    total = Decimal(0)
    for ride in sorted(ended, key=lambda ride: ride.generation["completed_at"] or ""):
        cost = ride.generation["cost"]
        total += Decimal(cost["charged"])
        lines.append(
            shape.format(
                ride.job.name,
                ride.generation["status"],
                *(cost["held"], cost["charged"], cost["refunded"]),
                str(balance - total),
            )
        )
    supervisor.say("\n".join(lines))


def _run(supervisor: Supervisor, part: Part) -> list[str]:
    """Run a check of the books and show what it says; returns what is wrong."""
    code = supervisor.run_once(part, seconds=CHECK_SECONDS)
    said = part.log.read_text(errors="replace").strip()
    supervisor.say(f"\n{part.log.stem}:\n" + "\n".join(f"  {line}" for line in said.splitlines()))
    return [f"{part.log.stem} ended with exit code {code}"] if code else []
