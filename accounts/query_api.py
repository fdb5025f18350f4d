"""How the API's lists read their query parameters, and link their pages."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts import pages
from accounts.errors import FieldError, InvalidParameters

Reader = Callable[[str], Any]
"""Makes a value of a parameter's text, or raises ValueError saying what the text must be."""

MAX_VALUE = 500
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def read(request: Request, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The query parameters that are given, by name.

    A name that ends in `[]` in `readers` takes any key in its place: `metadata[order]=A-1` is read
    by `readers["metadata[]"]` into `{"metadata": {"order": ...}}`.

    Raises:
        InvalidParameters: with an error for each one that is unknown, repeated or wrong.
    """
    values: dict[str, Any] = {}
    errors = []
    for name, given in request.GET.lists():
        shown = name[:100]
        base, _, key = name.partition("[")
        is_keyed = name.endswith("]") and f"{base}[]" in readers
        reader = readers.get(f"{base}[]" if is_keyed else name)
        if reader is None or name.endswith("[]"):
            known = ", ".join(readers).replace("[]", "[key]") or "none"
            message = f"{shown} is not known; query parameters here: {known}"
            errors.append(FieldError(f"?{shown}", "unknown", message))
        elif len(given) > 1:
            errors.append(FieldError(f"?{shown}", "repeated", f"{shown} may be given once"))
        else:
            try:
                value = reader(_plain(given[0]))
                if is_keyed:
                    values.setdefault(base, {})[_plain(key[:-1])] = value
                else:
                    values[name] = value
            except ValueError as error:
                errors.append(FieldError(f"?{shown}", "invalid", f"{shown} {error}"))
    if errors:
        raise InvalidParameters(errors)
    return values


def _plain(text: str) -> str:
    if len(text) > MAX_VALUE or not text.isprintable():
        raise ValueError(f"must be at most {MAX_VALUE} printable characters")
    return text


def one_of(*allowed: str) -> Reader:
    def choice(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of: {', '.join(allowed)}")
        return text

    return choice


def integer(low: int, high: int) -> Reader:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10) or (
            not low <= int(text) <= high
        ):
            raise ValueError(f"must be an integer between {low} and {high}")
        return int(text)

    return number


def moment(text: str) -> Any:
    """A date and time of ISO 8601 with its offset, in UTC: PostgreSQL reads no offsets of 16 hours
    and more."""
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("must be a date and time with an offset, like 2026-05-22T13:17:32Z")
    # Beyond these years nothing ever happens, but arithmetic overflows.
    if not _FIRST.year <= found.year <= _LAST.year:
        return _FIRST if found.year < _FIRST.year else _LAST
    return found.astimezone(UTC)


def identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValueError("must be an id (a UUID)") from None


PAGING: dict[str, Reader] = {
    "limit": integer(1, pages.MAX_PAGE_SIZE),
    "order": one_of(*pages.ORDERS),
    "cursor": str,
}
"""What every list takes."""
PAGING_PARAMETERS = [
    OpenApiParameter(
        "limit",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": pages.MAX_PAGE_SIZE,
            "default": pages.PAGE_SIZE,
        },
        OpenApiParameter.QUERY,
        description="How many on a page.",
    ),
    OpenApiParameter(
        "order",
        {"type": "string", "enum": list(pages.ORDERS), "default": pages.NEWEST},
        OpenApiParameter.QUERY,
        description="Which come first.",
    ),
    OpenApiParameter(
        "cursor",
        {"type": "string", "maxLength": MAX_VALUE},
        OpenApiParameter.QUERY,
        description="`next_cursor` or `previous_cursor` of another page of the same list.",
    ),
]
"""The same, described."""


def page_as_json[R](
    request: Request, page: pages.Page[R], as_json: Callable[[R], Any]
) -> dict[str, Any]:
    """A page as every list answers it: `results`, and the links and cursors to what is beside."""
    return {
        "results": [as_json(row) for row in page.rows],
        "next": _link(request, page.next_cursor),
        "previous": _link(request, page.previous_cursor),
        "next_cursor": page.next_cursor or None,
        "previous_cursor": page.previous_cursor or None,
    }


def _link(request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    kept = {name: value for name, value in request.GET.items() if name != "cursor"}
    return f"{settings.PUBLIC_BASE_URL}{request.path}?{urlencode({**kept, 'cursor': cursor})}"
