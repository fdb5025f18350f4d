"""How the API reads JSON: bounded, strict, and never a 500."""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from django.conf import settings
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

from accounts.errors import DomainError

MAX_DEPTH = 64
"""Of arrays and objects in each other: what is kept is given back, and not every language's reader
goes deeper."""


class BodyTooLarge(DomainError):
    code = "body_too_large"


class StrictJSONParser(BaseParser):
    """UTF-8 JSON of at most API_MAX_BODY_BYTES, not too deep; NaN, Infinity and repeated names are
    refused."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.API_MAX_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(f"The request body must be at most {limit} bytes.")
        try:
            return _not_too_deep(
                json.loads(
                    _text(body),
                    parse_constant=_refuse_constant,
                    parse_float=_finite,
                    object_pairs_hook=_object,
                )
            )
        except (ValueError, RecursionError) as error:
            reason = (
                str(error) if isinstance(error, json.JSONDecodeError | _Refused) else "unreadable"
            )
            raise exceptions.ParseError(f"The body must be a JSON object: {reason}") from error


def _text(body: bytes) -> str:
    # Given bytes, json.loads would guess: UTF-16 and UTF-32 too.
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _Refused("it is not UTF-8") from None


class _Refused(ValueError):
    pass


def _not_too_deep(value: Any) -> Any:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [below for one in level for below in _inside(one)]
        if not level:
            return value
    raise _Refused(f"it is nested deeper than {MAX_DEPTH}")


def _inside(value: Any) -> Iterable[Any]:
    """The arrays and objects in one."""
    if not isinstance(value, dict | list):
        return ()
    members = value.values() if isinstance(value, dict) else value
    return [one for one in members if isinstance(one, dict | list)]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused(f"{text[:40]} is too large a number")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Refused("a name is repeated in an object")
    return value
