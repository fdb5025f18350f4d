"""The walkthrough's own arithmetic: it must find a wrong figure, or it proves nothing."""

from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import pytest

from pvideo_platform.demo import expectations
from pvideo_platform.demo.expectations import Entry, Video
from pvideo_platform.demo.trip_plan import Job, jobs

PLAN = {job.name: job for job in jobs("http://sandbox")}
TEXT = PLAN["text to video"]
SCRIPT = PLAN["avatar from a script"]
FAILED = PLAN["ends FAILED"]
FIVE_SECONDS = Video(Fraction(5), 1280, 720)


def generation(held: str, charged: str, refunded: str, **output: Any) -> dict[str, Any]:
    return {
        "cost": {
            "quoted": held,
            "held": held,
            "charged": charged,
            "refunded": refunded,
            "currency": "USD",
        },
        "output": output,
    }


@pytest.mark.parametrize(
    ("seconds", "billed"),
    [("0.05", 1), ("1", 1), ("1.1", 1), ("1.101", 2), ("4.96", 5), ("5.1", 5), ("7.3", 8)],
)
def test_billed_seconds(seconds: str, billed: int) -> None:
    assert expectations.billed_seconds(Fraction(seconds)) == billed


@pytest.mark.parametrize(
    ("job", "held", "charged", "refunded", "video"),
    [
        (TEXT, "0.100000", "0.100000", "0.000000", FIVE_SECONDS),
        (PLAN["draft"], "0.025000", "0.025000", "0.000000", FIVE_SECONDS),
        (PLAN["image to video, 1080p"], "0.120000", "0.120000", "0.000000", FIVE_SECONDS),
        (PLAN["avatar from audio, 1080p"], "0.360000", "0.360000", "0.000000", FIVE_SECONDS),
        (SCRIPT, "0.175000", "0.125000", "0.050000", FIVE_SECONDS),
        (FAILED, "0.080000", "0.000000", "0.080000", None),
    ],
)
def test_right_figures_pass(
    job: Job, held: str, charged: str, refunded: str, video: Video | None
) -> None:
    assert expectations.wrong_figures(job, generation(held, charged, refunded), video) == []


@pytest.mark.parametrize(
    ("job", "held", "charged", "refunded", "complaint"),
    [
        (TEXT, "0.120000", "0.100000", "0.020000", "held is 0.120000 and should be 0.10"),
        (TEXT, "0.100000", "0.080000", "0.020000", "charged is 0.080000 and should be 0.10"),
        (TEXT, "0.100000", "0.120000", "0.000000", "is more than the 0.100000 that was held"),
        (TEXT, "0.100000", "0.100000", "0.100000", "refunded is 0.100000 and should be 0.000000"),
        (FAILED, "0.080000", "0.080000", "0.000000", "charged is 0.080000 and should be 0"),
        (SCRIPT, "0.170000", "0.125000", "0.045000", "no whole number of seconds"),
        (SCRIPT, "0.175000", "0.150000", "0.025000", "charged is 0.150000 and should be 0.125"),
    ],
)
def test_wrong_figures_are_named(
    job: Job, held: str, charged: str, refunded: str, complaint: str
) -> None:
    video = FIVE_SECONDS if job.ends == "completed" else None
    found = expectations.wrong_figures(job, generation(held, charged, refunded), video)
    assert complaint in " ".join(found)


def test_a_video_of_another_length_or_size_is_named() -> None:
    told = generation("0", "0", "0", duration=5.0)
    assert expectations.wrong_video(TEXT, told, FIVE_SECONDS) == []
    assert expectations.wrong_video(TEXT, told, Video(Fraction(6), 1280, 720)) != []
    assert expectations.wrong_video(TEXT, told, Video(Fraction(5), 1920, 1080)) != []
    assert expectations.wrong_video(TEXT, generation("0", "0", "0", duration=3), FIVE_SECONDS) != []


def encoded(container_format: str) -> bytes:
    buffer = BytesIO()
    with av.open(buffer, "w", format=container_format) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    return buffer.getvalue()


def test_an_mp4_is_read() -> None:
    assert expectations.read_video(encoded("mp4")) == Video(Fraction(2), 64, 48)


@pytest.mark.parametrize("content", [b"", b"no media", encoded("matroska")])
def test_what_is_no_mp4_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no"):
        expectations.read_video(content)


def test_the_plan_has_one_of_each() -> None:
    assert len(PLAN) == 10
    assert {job.ends for job in PLAN.values()} == {"completed", "failed", "error"}
    priced = {(job.model, job.resolution, job.draft) for job in PLAN.values()}
    assert priced <= set(expectations.PRICES)


# --- The statement ----------------------------------------------------------------------------

FIRST = [Entry("top_up", Decimal(20)), Entry("bonus", Decimal(5))]
LAST = [Entry("top_up", Decimal(10)), Entry("refund", Decimal(-10))]
JOBS = expectations.job_entries(
    [generation("0.100000", "0.100000", "0.000000"), generation("0.080000", "0", "0.080000")]
)
RIGHT = [
    ("top_up", "20.000000", "0.000000"),
    ("bonus", "5.000000", "0.000000"),
    ("hold", "0.000000", "0.080000"),
    ("hold", "0.000000", "0.100000"),
    ("capture", "-0.100000", "-0.100000"),
    ("release", "0.000000", "-0.080000"),
    ("top_up", "10.000000", "0.000000"),
    ("refund", "-10.000000", "0.000000"),
]


def file(lines: list[tuple[str, str, str]], **changed: str) -> list[dict[str, str]]:
    """The rows of the statement's file; `changed` is in the last of them."""
    rows: list[dict[str, str]] = []
    balance = held = Decimal(0)
    for number, (kind, amount, held_change) in enumerate(lines, start=1):
        balance, held = balance + Decimal(amount), held + Decimal(held_change)
        rows.append(
            {
                "sequence": str(number),
                "kind": kind,
                "amount": amount,
                "held_change": held_change,
                "balance_after": f"{balance:.6f}",
                "held_after": f"{held:.6f}",
            }
        )
    return [*rows[:-1], rows[-1] | changed]


def complaints(rows: list[dict[str, str]]) -> str:
    return " ".join(expectations.wrong_statement(rows, first=FIRST, jobs=JOBS, last=LAST))


def test_a_right_statement_passes() -> None:
    assert complaints(file(RIGHT)) == ""


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (file([*RIGHT[:1], ("bonus", "6.000000", "0"), *RIGHT[2:]]), "bonus 6.000000"),
        (file([*RIGHT[:1], *RIGHT[2:]]), "instead of top_up 20 (0 held), bonus 5"),
        (file([RIGHT[0], *RIGHT]), "begins with"),
        (file(RIGHT[:-1]), "refund -10"),
        (file([*RIGHT, RIGHT[-1]]), "ends with"),
        (file([*RIGHT[:-1], ("refund", "-9.000000", "0")]), "refund -9.000000"),
        (file([*RIGHT[:-1], ("bonus", "5.000000", "0"), RIGHT[-1]]), "ends with"),
        (file([*RIGHT[:4], ("capture", "-0.1", "0"), *RIGHT[5:]]), "has for the jobs"),
        (file(RIGHT, sequence="9"), "entry 8 (refund): its sequence is 9"),
        (file(RIGHT, balance_after="34.9"), "balance is 34.9 and should be 24.900000"),
        (file(RIGHT, held_after="0.1"), "held is 0.1 and should be 0"),
    ],
    ids=[
        *("another bonus", "no bonus", "credited twice", "no refund", "refunded twice"),
        *("part of the refund", "a second bonus", "a hold that stays", "a gap"),
        *("a wrong balance", "a wrong hold"),
    ],
)
def test_a_wrong_statement_is_named(rows: list[dict[str, str]], complaint: str) -> None:
    assert complaint in complaints(rows)


def pages(told: str, *, bonus: int = 5, asked: str = "Total due $20.00") -> list[str]:
    return expectations.wrong_purchase(
        asked=asked,
        told=told,
        amount=Decimal(20),
        bonus=Decimal(bonus),
        available=Decimal("25.025"),
    )


def test_the_words_of_a_purchase() -> None:
    right = "$20.00 received First-payment bonus +$5.00 Available now $25.025 Paid"
    assert pages(right) == []
    assert len(pages(right, asked="Total due $2.00")) == 1
    assert len(pages(right.replace("$5.00", "$5.001"))) == 1
    assert len(pages(right.replace("$25.025", "$25.02"))) == 1
    assert len(pages(right, bonus=0)) == 1
    assert len(pages("The payment did not go through")) == 3


def test_a_wallet_that_holds_or_owes() -> None:
    right = {"balance": "25.000000", "held": "0.000000", "debt": "0.000000"}
    assert expectations.wrong_wallet(right, Decimal(25)) == []
    for name in right:
        assert len(expectations.wrong_wallet(right | {name: "1.000000"}, Decimal(25))) == 1
