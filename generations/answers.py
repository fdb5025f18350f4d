"""What the API says of generations, quotes and uploads."""

from datetime import datetime
from typing import Any

from billing import money
from billing.models import Price
from generations import media_links, upload_links
from generations.models import Generation, State
from generations.quoting import Quote
from generations.shown import Shown
from generations.upload_models import Upload


def generation(
    row: Generation | Shown, *, first: bool = False, queued_reason: str | None = None
) -> dict[str, Any]:
    """A generation as the API shows it.

    Args:
        row: with `media` selected.
        first: as it was when it was accepted, to answer a repeated request alike.
        queued_reason: from `places.queued_reasons`.
    """
    ended = not first and not row.is_open
    quoted = money.dollars(row.quoted_micros)
    deadline_at = row.deadline_at
    if first and isinstance(row, Generation):
        deadline_at = row.first_deadline_at
    return {
        "id": str(row.pk),
        "model": row.model,
        "status": State.QUEUED.value if first else row.public_status,
        "queued_reason": queued_reason,
        "input": row.input,
        "output": None if first else _output(row),
        "error": (row.error or None) if ended else None,
        "cost": {
            "quoted": quoted,
            "held": quoted,
            "charged": money.dollars((row.charged_micros or 0) if ended else 0),
            "refunded": money.dollars(row.refunded_micros if ended else 0),
            "currency": money.CURRENCY,
        },
        "created_at": moment(row.created_at),
        "completed_at": moment(row.completed_at) if ended else None,
        "deadline_at": moment(deadline_at),
        "api_key": str(row.api_key_id) if row.api_key_id else None,
        "metadata": row.metadata,
    }


def _output(row: Generation | Shown) -> dict[str, Any] | None:
    media = getattr(row, "media", None)
    if row.state != State.COMPLETED or media is None:
        return None
    video, poster, preview = media_links.urls(row)
    return {
        "media_url": video,
        "poster_url": poster or None,
        "preview_url": preview or None,
        "media_type": "video/mp4",
        "duration": media.duration_ms / 1000,
        "width": media.width,
        "height": media.height,
        "has_audio": media.has_audio,
        "size": media.size_bytes,
    }


def quote(found: Quote, *, model: str, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": model,
        "amount": money.dollars(found.amount_micros),
        "seconds": found.seconds,
        "price_per_second": money.dollars(found.price.customer_micros_per_second),
        "currency": money.CURRENCY,
        "estimated": found.estimated,
        "basis": found.basis,
        "audio_duration": None if found.audio_ms is None else found.audio_ms / 1000,
        "resolution": params["resolution"],
        "draft": params.get("draft", False),
        "own_price": found.price.organization_id is not None,
    }


def upload(row: Upload) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "url": upload_links.url(row),
        "filename": row.filename,
        "content_type": row.content_type,
        "size": row.size_bytes,
        "width": row.width,
        "height": row.height,
        "duration": None if row.duration_ms is None else row.duration_ms / 1000,
        "created_at": moment(row.created_at),
        "expires_at": moment(row.expires_at),
    }


def price(row: Price) -> dict[str, Any]:
    return {
        "resolution": row.resolution,
        "draft": row.draft,
        "price_per_second": money.dollars(row.customer_micros_per_second),
        "currency": money.CURRENCY,
        "own_price": row.organization_id is not None,
        "effective_from": moment(row.effective_from),
    }


def moment(value: datetime | None) -> str | None:
    """UTC, in milliseconds."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None
