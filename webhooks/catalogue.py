"""What customers can be told of: one table for the API, its schema and the pages."""

from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

ALL = "*"
"""An endpoint's wish for every type, also those that come later."""


class EventType(TextChoices):
    GENERATION_PROCESSING = "generation.processing"
    GENERATION_COMPLETED = "generation.completed"
    GENERATION_FAILED = "generation.failed"
    GENERATION_CANCELED = "generation.canceled"
    TOP_UP_SUCCEEDED = "top_up.succeeded"
    WALLET_LOW_BALANCE = "wallet.low_balance"
    AUTO_TOP_UP_FAILED = "auto_top_up.failed"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class Entry:
    """One type: what it says, and an example of its `data`."""

    type: str
    description: str
    example: dict[str, Any]


def _generation(status: str, **differing: Any) -> dict[str, Any]:
    return {
        "id": "019d42ce-ae71-7999-84c9-5d76447ecafb",
        "model": "p-video",
        "status": status,
        "queued_reason": None,
        "input": {"prompt": "A cat walking in a garden", "duration": 5},
        "output": None,
        "error": None,
        "cost": {
            "quoted": "0.100000",
            "held": "0.100000",
            "charged": "0.000000",
            "refunded": "0.000000",
            "currency": "USD",
        },
        "created_at": "2026-05-22T13:17:32.110Z",
        "completed_at": None,
        "deadline_at": "2026-05-22T14:17:32.110Z",
        "api_key": "019d42b0-1c55-7d2e-9a10-b3a4c5d6e7f8",
        "metadata": {"order": "A-1"},
        **differing,
    }


def _ended(status: str, *, charged: bool, **differing: Any) -> dict[str, Any]:
    none, whole = "0.000000", "0.100000"
    return _generation(
        status,
        completed_at="2026-05-22T13:18:04.420Z",
        cost={
            "quoted": whole,
            "held": whole,
            "charged": whole if charged else none,
            "refunded": none if charged else whole,
            "currency": "USD",
        },
        **differing,
    )


CATALOGUE: tuple[Entry, ...] = (
    Entry(
        EventType.GENERATION_PROCESSING,
        "The model has taken a generation on. `data` is the generation as the API shows it.",
        _generation("processing"),
    ),
    Entry(
        EventType.GENERATION_COMPLETED,
        "A video is finished and stored. Its links work for a day; ask for the generation to "
        "get new ones.",
        _ended(
            "completed",
            charged=True,
            output={
                "media_url": "https://video.example.com/media/eyJ.../video.mp4",
                "poster_url": None,
                "preview_url": None,
                "media_type": "video/mp4",
                "duration": 5.0,
                "width": 1280,
                "height": 720,
                "has_audio": True,
                "size": 1843200,
            },
        ),
    ),
    Entry(
        EventType.GENERATION_FAILED,
        "A generation ended without a video. `data.status` says how: `failed` by the model, "
        "`error` by the system, `expired` without an outcome.",
        _ended("failed", charged=False, error="The model could not make this video."),
    ),
    Entry(
        EventType.GENERATION_CANCELED,
        "A queued generation was called off; nothing was charged.",
        _ended("canceled", charged=False),
    ),
    Entry(
        EventType.TOP_UP_SUCCEEDED,
        "A payment arrived and its credits are in the wallet.",
        {
            "id": "019d42ce-ae71-7999-84c9-5d76447ecafb",
            "kind": "checkout",
            "amount": "20.000000",
            "bonus": "5.000000",
            "currency": "USD",
        },
    ),
    Entry(
        EventType.WALLET_LOW_BALANCE,
        "The wallet has fallen below the threshold that you set.",
        {"available": "4.900000", "threshold": "5.000000", "currency": "USD"},
    ),
    Entry(
        EventType.AUTO_TOP_UP_FAILED,
        "An automatic top-up was refused; the wallet may run empty.",
        {
            "id": "019d42ce-ae71-7999-84c9-5d76447ecafb",
            "amount": "20.000000",
            "reason": "Your card was declined.",
            "currency": "USD",
        },
    ),
    Entry(EventType.PING, "A test that you asked for.", {"message": "Hello from PVideo."}),
)
SUBSCRIBABLE = tuple(one.type for one in CATALOGUE if one.type != EventType.PING)
"""What an endpoint can ask for. A ping goes only where it was asked for."""
