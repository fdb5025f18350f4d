"""Plays the trip over the public HTTP interfaces, as a client would, and checks every figure."""

import http.client
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pvideo_platform.demo import expectations, parts, trip_plan, wire
from pvideo_platform.demo.credentials import Credentials
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.supervisor import Supervisor
from pvideo_platform.demo.trip_plan import Job

JOBS_SECONDS = 75.0
POLL_SECONDS = 0.4
AUDIT_SECONDS = 20.0
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


class Client:
    """A customer's program: it knows a base URL and a key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def submit(self, job: Job) -> dict[str, Any]:
        return self._call(
            "POST",
            "/api/v1/generations",
            202,
            body={"model": job.model, "input": job.input, "metadata": {"walkthrough": job.name}},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )

    def generation(self, generation_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/v1/generations/{generation_id}", 200)

    def wallet(self) -> dict[str, Any]:
        return self._call("GET", "/api/v1/wallet", 200)

    def download(self, url: str) -> bytes:
        answer = wire.request("GET", url if "://" in url else self._base_url + url)
        if answer.status != 200:
            raise DemoFailure(f"The video at {url} was answered with {answer}")
        return answer.body

    def _call(
        self,
        method: str,
        path: str,
        expected: int,
        *,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            answer = wire.request(
                method, self._base_url + path, body=body, headers=self._headers | (headers or {})
            )
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailure(f"{method} {path} was not answered: {error!r}") from error
        if answer.status != expected:
            raise DemoFailure(f"{method} {path} was answered with {answer}")
        content: dict[str, Any] = answer.json()
        return content


def play(supervisor: Supervisor, made: Credentials) -> int:
    """Returns the exit code: 0 when every figure is what the price table says.

    Raises:
        DemoFailure: an interface did not answer as documented, or a job did not end in time.
        StopRequested: somebody pressed Ctrl-C.
    """
    began = time.monotonic()
    client = Client(supervisor.options.base_url, made.api_key)
    start = client.wallet()
    supervisor.say(f"\nWalkthrough. The wallet has ${start['balance']}, ${start['held']} held.")
    rides = _submit_all(supervisor, client)
    ended = _follow(supervisor, client, rides, began)
    for ride in rides:
        _check(client, ride)
    charged = _table(supervisor, ended, Decimal(start["balance"]))
    wrong = [f"{ride.job.name}: {text}" for ride in rides for text in ride.wrong]
    wrong += _wrong_wallet(client.wallet(), start, charged)
    wrong += _audit(supervisor)
    if wrong:
        supervisor.say("\nNot as it should be:\n" + "\n".join(f"  {text}" for text in wrong))
    else:
        supervisor.say(
            f"\nEvery figure is what the price table says ({time.monotonic() - began:.0f} s)."
        )
    return 1 if wrong else 0


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
        supervisor.say(f"  accepted   {ride.job.name:<26} ${cost['held']} held")
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


def _table(supervisor: Supervisor, ended: list[Ride], balance: Decimal) -> Decimal:
    """Print what each cost, in the order in which they were settled; returns the sum charged."""
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
    return total


def _wrong_wallet(wallet: dict[str, Any], start: dict[str, Any], charged: Decimal) -> list[str]:
    due = Decimal(start["balance"]) - charged
    wrong = []
    if Decimal(wallet["balance"]) != due:
        wrong.append(f"the wallet's balance is {wallet['balance']} and should be {due}")
    if Decimal(wallet["held"]) != 0:
        wrong.append(f"the wallet still holds {wallet['held']}")
    if Decimal(wallet["debt"]) != 0:
        wrong.append(f"the wallet is in debt by {wallet['debt']}")
    return wrong


def _audit(supervisor: Supervisor) -> list[str]:
    """Run `audit_books` and show what it says."""
    part = parts.audit(supervisor.options)
    code = supervisor.run_once(part, seconds=AUDIT_SECONDS)
    said = part.log.read_text(errors="replace").strip()
    supervisor.say("\naudit_books:\n" + "\n".join(f"  {line}" for line in said.splitlines()))
    return [f"audit_books ended with exit code {code}"] if code else []
