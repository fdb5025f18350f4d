"""How the API's doors read a JSON object: strictly, every mistake named."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request

from accounts.errors import DomainError, FieldError, InvalidParameters

Check = Callable[[Any], Any]
"""Makes a value of what JSON gave, or raises ValueError saying what it must be."""


class LengthRequired(DomainError):
    code = "length_required"


def require_length(request: Request) -> None:
    """Raises: LengthRequired, since a body in chunks would be read as an empty one."""
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise LengthRequired("Send the body with a Content-Length, not in chunks.")


def nothing(request: Request) -> None:
    """Of an act that takes no members: the body is empty, or an empty object.

    Raises: as `members`.
    """
    members(request, {})


def members(
    request: Request, checks: Mapping[str, Check], *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The members of the request's JSON object that are given, by name.

    Raises:
        InvalidParameters: with an error for each that is unknown, missing or wrong.
        LengthRequired, ParseError.
    """
    require_length(request)
    data = request.data
    if not isinstance(data, dict):
        raise exceptions.ParseError("The body must be a JSON object.")
    values: dict[str, Any] = {}
    errors = [
        _error(name, "required", f"{name} is required") for name in required if name not in data
    ]
    for name, value in data.items():
        if name not in checks:
            known = ", ".join(checks) or "none"
            errors.append(
                _error(name, "unknown", f"{_shown(name)} is not known; members here: {known}")
            )
            continue
        try:
            values[name] = checks[name](value)
        except ValueError as error:
            errors.append(_error(name, "invalid", f"{name} {error}"))
    if errors:
        raise InvalidParameters(errors)
    return values


def _shown(name: str) -> str:
    """A name of the caller's own as it can be sent back: short, and no half of a surrogate."""
    return name[:100].encode(errors="backslashreplace").decode()


def _error(name: str, code: str, message: str) -> FieldError:
    shown = _shown(name)
    pointer = f"/{shown.replace('~', '~0').replace('/', '~1')}"
    return FieldError(shown, code, message, pointer=pointer)
