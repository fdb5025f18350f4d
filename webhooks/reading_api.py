"""How the webhooks' doors read their requests: strictly, every mistake named."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request

from accounts import query_api
from accounts.errors import DomainError, FieldError, InvalidParameters
from webhooks.models import EVENT_ID_PATTERN, EVENT_ID_PREFIX

Check = Callable[[Any], Any]
"""Makes a value of what JSON gave, or raises ValueError saying what it must be."""

_EVENT_ID = re.compile(EVENT_ID_PATTERN)


class LengthRequired(DomainError):
    code = "length_required"


def members(
    request: Request, checks: Mapping[str, Check], *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The members of the request's JSON object that are given, by name.

    Raises:
        InvalidParameters: with an error for each that is unknown, missing or wrong.
        LengthRequired, ParseError.
    """
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise LengthRequired("Send the body with a Content-Length, not in chunks.")
    data = request.data
    if not isinstance(data, dict):
        raise exceptions.ParseError("The body must be a JSON object.")
    values: dict[str, Any] = {}
    errors = [
        _error(name, "required", f"{name} is required") for name in required if name not in data
    ]
    for name, value in data.items():
        if name not in checks:
            errors.append(_error(name, "unknown", f"members are: {', '.join(checks)}"))
            continue
        try:
            values[name] = checks[name](value)
        except ValueError as error:
            errors.append(_error(name, "invalid", f"{name} {error}"))
    if errors:
        raise InvalidParameters(errors)
    return values


def _error(name: str, code: str, message: str) -> FieldError:
    shown = name[:100].encode(errors="backslashreplace").decode()
    pointer = f"/{shown.replace('~', '~0').replace('/', '~1')}"
    return FieldError(shown, code, message, pointer=pointer)


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
