"""What the walkthrough must cost and leave in the books, worked out apart from the platform's code.

From the price tables and the offer of the provider's reference, and section 4 ("Seconds") of the
design; nothing is imported from `billing` or `generations`, so that a mistake there cannot hide.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

import av

from pvideo_platform.demo.trip_plan import Job

# US dollars per second of output: model, resolution, draft.
PRICES = {
    ("p-video", "720p", False): Decimal("0.02"),
    ("p-video", "720p", True): Decimal("0.005"),
    ("p-video", "1080p", False): Decimal("0.04"),
    ("p-video", "1080p", True): Decimal("0.01"),
    ("p-video-avatar", "720p", False): Decimal("0.025"),
    ("p-video-avatar", "1080p", False): Decimal("0.045"),
}
FIRST_PAYMENT_BONUS = Decimal(5)
"""US dollars: "$5 free credit on the first payment"."""
PADDING_SECONDS = Fraction(1, 10)
LENGTH_TOLERANCE_SECONDS = Fraction(2, 10)


@dataclass(frozen=True, slots=True)
class Video:
    """What a downloaded file really is."""

    seconds: Fraction
    width: int
    height: int


def read_video(content: bytes) -> Video:
    """Raises: ValueError when it is no MP4 with a video stream and a length."""
    try:
        with av.open(BytesIO(content), mode="r") as container:
            if "mp4" not in container.format.name.split(","):
                raise ValueError(f"is no MP4 but {container.format.name}")
            if not container.streams.video or container.duration is None:
                raise ValueError("has no video stream or no length")
            stream = container.streams.video[0]
            if next(container.decode(stream), None) is None:
                raise ValueError("has no picture")
            seconds = Fraction(container.duration, av.time_base)
            return Video(seconds=seconds, width=stream.width, height=stream.height)
    except av.error.FFmpegError as error:
        raise ValueError(f"is no media file: {error}") from error


def billed_seconds(seconds: Fraction) -> int:
    """Whole seconds, rounded up, after taking off the container's padding; at least one."""
    return max(1, math.ceil(seconds - PADDING_SECONDS))


def wrong_figures(job: Job, generation: dict[str, Any], video: Video | None) -> list[str]:
    """What is not as the price table says; empty when all is right.

    Args:
        generation: as the API gives it, after it has ended.
        video: the finished file, when there is one.
    """
    cost = generation["cost"]
    held, charged, refunded = (Decimal(cost[name]) for name in ("held", "charged", "refunded"))
    price = PRICES[job.model, job.resolution, job.draft]
    found: list[str] = []
    if job.seconds is not None:
        found += _differs("held", held, price * billed_seconds(job.seconds))
    elif held <= 0 or held % price:
        found.append(f"held {held} is no whole number of seconds at {price}")
    if job.ends != "completed":
        found += _differs("charged", charged, Decimal(0))
    elif video is not None:
        asked = job.seconds if job.seconds is not None else video.seconds
        found += _differs("charged", charged, price * billed_seconds(asked))
    if charged > held:
        found.append(f"charged {charged} is more than the {held} that was held")
    found += _differs("refunded", refunded, held - charged)
    found += _differs("quoted", Decimal(cost["quoted"]), held)
    if cost["currency"] != "USD":
        found.append(f"currency is {cost['currency']}")
    return found


def wrong_video(job: Job, generation: dict[str, Any], video: Video) -> list[str]:
    """What is not as it was asked for: length and size."""
    found: list[str] = []
    if job.seconds is not None and abs(video.seconds - job.seconds) > LENGTH_TOLERANCE_SECONDS:
        found.append(f"is {float(video.seconds):.2f} s long instead of {float(job.seconds)} s")
    told = generation["output"]["duration"]
    if told is None or abs(Fraction(str(told)) - video.seconds) > LENGTH_TOLERANCE_SECONDS:
        found.append(f"is {float(video.seconds):.2f} s long, and the API says {told}")
    lines = int(job.resolution.removesuffix("p"))
    if min(video.width, video.height) != lines:
        found.append(f"is {video.width}x{video.height} instead of {job.resolution}")
    return found


def _differs(name: str, is_: Decimal, should_be: Decimal) -> list[str]:
    return [] if is_ == should_be else [f"{name} is {is_} and should be {should_be}"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the statement, in US dollars."""

    kind: str
    amount: Decimal
    held_change: Decimal = Decimal(0)


def job_entries(generations: list[dict[str, Any]]) -> list[Entry]:
    """What the jobs leave in the statement: each a hold, and a capture or a release of it.

    Args:
        generations: as the API gives them, after they have ended; their figures are checked by
            `wrong_figures`.
    """
    found = []
    for generation in generations:
        held, charged = (Decimal(generation["cost"][name]) for name in ("held", "charged"))
        found.append(Entry("hold", Decimal(0), held))
        found.append(Entry("capture" if charged else "release", -charged, -held))
    return found


def wrong_statement(
    rows: list[dict[str, str]], *, first: list[Entry], jobs: list[Entry], last: list[Entry]
) -> list[str]:
    """What is not as it must be in the statement's file, oldest entry first.

    Args:
        first: before the jobs. jobs: in any order. last: after the jobs.
    """
    found: list[str] = []
    balance = held = Decimal(0)
    for number, row in enumerate(rows, start=1):
        balance += Decimal(row["amount"])
        held += Decimal(row["held_change"])
        name = f"entry {number} ({row['kind']}): "
        if row["sequence"] != str(number):
            found.append(f"{name}its sequence is {row['sequence']}")
        found += _differs(f"{name}balance", Decimal(row["balance_after"]), balance)
        found += _differs(f"{name}held", Decimal(row["held_after"]), held)
    entries = [
        Entry(row["kind"], Decimal(row["amount"]), Decimal(row["held_change"])) for row in rows
    ]
    end = len(first) + len(jobs)
    for name, are, should_be in (
        ("begins with", entries[: len(first)], first),
        ("has for the jobs", _sorted(entries[len(first) : end]), _sorted(jobs)),
        ("ends with", entries[end:], last),
    ):
        if are != should_be:
            found.append(f"the statement {name} {_told(are)} instead of {_told(should_be)}")
    return found


def wrong_purchase(
    *, asked: str, told: str, amount: Decimal, bonus: Decimal, available: Decimal
) -> list[str]:
    """What is not as it must be in the words of the pages around a payment.

    Args:
        asked: of Stripe's hosted page. told: of the platform's page after the payment.
        available: the credits after it.
    """
    found = []
    if shown(amount) not in asked.split():
        found.append(f"the payment page did not ask for {shown(amount)}: {asked}")
    wanted = [f"{shown(amount)} received", f"Available now {shown(available)} "]
    if bonus:
        wanted.append(f"First-payment bonus +{shown(bonus)} ")
    elif "bonus" in told:
        found.append(f"the page after the payment tells of a bonus: {told}")
    found += [
        f'the page after the payment lacks "{text}": {told}' for text in wanted if text not in told
    ]
    return found


def wrong_wallet(wallet: dict[str, Any], due: Decimal) -> list[str]:
    """What is not as it must be in a wallet that has `due` and holds and owes nothing."""
    return [
        *_differs("the wallet's balance", Decimal(wallet["balance"]), due),
        *_differs("what the wallet holds", Decimal(wallet["held"]), Decimal(0)),
        *_differs("the wallet's debt", Decimal(wallet["debt"]), Decimal(0)),
    ]


def shown(amount: Decimal) -> str:
    """As pages write it: exact, and at least cents."""
    whole, _, part = f"{amount:,.6f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.kind, entry.amount, entry.held_change))


def _told(entries: list[Entry]) -> str:
    return ", ".join(f"{e.kind} {e.amount} ({e.held_change} held)" for e in entries) or "nothing"
