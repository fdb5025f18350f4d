"""How the API reads JSON: bounded, strict, and never a 500."""

import json
import math
from typing import Any, NoReturn

from django.conf import settings
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

from accounts.errors import DomainError


class BodyTooLarge(DomainError):
    code = "body_too_large"


class StrictJSONParser(BaseParser):
    """UTF-8 JSON of at most API_MAX_BODY_BYTES; NaN, Infinity and repeated names are refused."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.API_MAX_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(f"The request body must be at most {limit} bytes.")
        try:
            return json.loads(
                _text(body),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_object,
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
