"""What the webhooks' doors let the members of their requests be."""

import re
import uuid
from datetime import datetime
from typing import Any

from accounts import query_api
from accounts.body_api import Check
from webhooks.models import EVENT_ID_PATTERN, EVENT_ID_PREFIX

_EVENT_ID = re.compile(EVENT_ID_PATTERN)


def text(most: int) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise ValueError(f"must be a string of at most {most} characters")
        if "\x00" in value or not _is_encodable(value):
            raise ValueError("must be valid Unicode text without NUL")
        return value

    return check


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be an array of strings")
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be a boolean")
    return value


def integer(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be an integer between {low} and {high}")
        return value

    return check


def moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be a date and time with an offset, like 2026-05-22T13:17:32Z")
    found: datetime = query_api.moment(value)
    return found


def event_id(value: str) -> uuid.UUID:
    """An event's own key, from what customers know it as."""
    if not _EVENT_ID.fullmatch(value):
        raise ValueError(f"must be the id of an event ({EVENT_ID_PREFIX} and a UUID)")
    return uuid.UUID(value.removeprefix(EVENT_ID_PREFIX))
