"""A job of the gateway: its facts, and the status body that describes it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uuid_utils

from sandbox.pixazo.contract import EVENT_OF, MEDIA_TYPES, Status, WebhookMode
from sandbox.pixazo.faults import Faults


@dataclass(frozen=True)
class CallbackTarget:
    """An address to call back: `events` restricts the terminal events (empty: all of them)."""

    url: str
    mode: WebhookMode = WebhookMode.TERMINAL
    events: frozenset[str] = frozenset()

    def wants(self, status: Status) -> bool:
        """Whether a body with this status is sent to the address."""
        if not status.is_terminal:
            return self.mode is WebhookMode.SYNC
        return not self.events or EVENT_OF[status] in self.events


@dataclass
class Job:
    """One accepted submission. `media` is the finished video's file once there is one."""

    request_id: str
    model_id: str
    body: dict[str, Any]
    faults: Faults
    targets: tuple[CallbackTarget, ...]
    base_url: str
    created_at: datetime
    updated_at: datetime
    status: Status = Status.QUEUED
    error: str | None = None
    completed_at: datetime | None = None
    media: Path | None = None
    has_output: bool = False
    status_errors_given: int = 0
    walk: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def media_url(self) -> str:
        """The address of the finished video on the sandbox's own "CDN"."""
        return f"{self.base_url}/cdn/v1/{self.request_id}/output.mp4"

    @property
    def polling_url(self) -> str:
        """The status address that the submit's answer names."""
        return f"{self.base_url}/v2/requests/status/{self.request_id}"

    def move(self, status: Status, *, error: str | None = None, has_output: bool = False) -> None:
        """Put the job into `status`, whatever it was in, and set the times that go with it."""
        self.status, self.error, self.has_output = status, error, has_output
        self.updated_at = datetime.now(UTC)
        self.completed_at = self.updated_at if status.is_terminal else None


def new(
    *,
    model_id: str,
    body: dict[str, Any],
    faults: Faults,
    targets: tuple[CallbackTarget, ...],
    base_url: str,
) -> Job:
    """Return a QUEUED job with a fresh request id, `<model>_<uuid7>` as in the reference."""
    now = datetime.now(UTC)
    return Job(
        request_id=f"{model_id}_{uuid_utils.uuid7()}",
        model_id=model_id,
        body=body,
        faults=faults,
        targets=targets,
        base_url=base_url,
        created_at=now,
        updated_at=now,
    )


def status_body(job: Job) -> dict[str, Any]:
    """Return the body of the status endpoint and of callbacks: exactly the reference's fields.

    The times are in the reference's two formats, as its callback example mixes them: ISO with Z for
    the creation, a blank between date and time for the others.
    """
    output = None
    if job.status is Status.COMPLETED and job.has_output:
        output = {"media_url": [job.media_url], "media_type": MEDIA_TYPES[job.model_id]}
    return {
        "request_id": job.request_id,
        "status": job.status.value,
        "model_id": job.model_id,
        "error": job.error,
        "output": output,
        "created_at": _iso(job.created_at),
        "updated_at": _plain(job.updated_at),
        "completed_at": None if job.completed_at is None else _plain(job.completed_at),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
