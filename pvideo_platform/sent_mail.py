"""Mail of a development or demo start: kept in a folder instead of sent, one file each.

Web and worker processes write, the page at /demo/mail/ reads. Never in production
(`settings.SENT_MAIL_DIR`).
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ReadMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from uuid_utils.compat import uuid7

KEPT = 200
"""So many of the newest; older ones are removed."""
_NAME = re.compile(r"[0-9a-f]{32}")


class EmailBackend(BaseEmailBackend):
    """Django's e-mail backend.

    Args:
        folder: where the files go; made when it is missing.
    """

    def __init__(self, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = uuid7().hex  # sorted by time
            draft = self._folder / f".{name}"
            draft.write_bytes(message.message().as_bytes())
            draft.rename(self._folder / f"{name}.eml")  # a reader sees it whole, or not at all
        for old in _files(self._folder)[KEPT:]:
            old.unlink(missing_ok=True)
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class SentMail:
    """One message. `html` is empty when it has a text only."""

    name: str
    subject: str
    sender: str
    recipients: str
    sent_at: datetime
    text: str
    html: str


def newest_first(folder: Path) -> Iterator[SentMail]:
    for file in _files(folder):
        with contextlib.suppress(FileNotFoundError):  # removed since it was listed
            yield _read(file)


def one(folder: Path, name: str) -> SentMail | None:
    """The message called that, or None when there is none."""
    try:
        return _read(folder / f"{name}.eml") if _NAME.fullmatch(name) else None
    except FileNotFoundError:
        return None


def _files(folder: Path) -> list[Path]:
    found = folder.glob("*.eml") if folder.is_dir() else []
    return sorted((file for file in found if _NAME.fullmatch(file.stem)), reverse=True)


def _read(file: Path) -> SentMail:
    message: ReadMessage = message_from_bytes(file.read_bytes(), policy=policy.default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return SentMail(
        name=file.stem,
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        recipients=str(message["To"] or ""),
        sent_at=datetime.fromtimestamp((UUID(file.stem).int >> 80) / 1000, UTC),
        text=str(text.get_content()) if text else "",
        html=str(html.get_content()) if html else "",
    )
