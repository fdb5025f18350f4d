"""A generation as the API shows it, when nothing else of it is needed: plain values.

`generations.listing` reads them; `generations.answers` takes them as it takes the model's rows.
"""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from generations.models import OPEN_STATES, PUBLIC_STATUS, State


class Files(NamedTuple):
    """Columns of a finished file, named as Media names them; files by their names in storage."""

    video: str
    poster: str
    preview: str
    duration_ms: int
    width: int
    height: int
    has_audio: bool
    size_bytes: int


class Shown(NamedTuple):
    """Columns of a generation, named as the model names them, and its media."""

    pk: uuid.UUID
    organization_id: uuid.UUID
    model: str
    state: str
    attempts: int
    input: dict[str, Any]
    metadata: dict[str, Any]
    error: str
    quoted_micros: int
    charged_micros: int | None
    created_at: datetime
    completed_at: datetime | None
    deadline_at: datetime
    api_key_id: uuid.UUID | None
    media: Files | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def public_status(self) -> str:
        return PUBLIC_STATUS.get(State(self.state), self.state)

    @property
    def refunded_micros(self) -> int:
        return 0 if self.charged_micros is None else self.quoted_micros - self.charged_micros
