"""How the API's doors read a request for a video."""

from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request

from accounts.body_api import require_length
from accounts.errors import FieldError, InvalidParameters
from generations import parameters

MEMBERS = ("model", "input", "metadata")


def pointer(name: str) -> str:
    """The JSON pointer (RFC 6901) of a member of the body."""
    return f"/{parameters.shown(name).replace('~', '~0').replace('/', '~1')}"


def generation_request(request: Request) -> dict[str, Any]:
    """The request's JSON object, with a model, and no member that would be ignored.

    Raises: InvalidParameters, LengthRequired, ParseError.
    """
    require_length(request)
    data = request.data
    if not isinstance(data, dict):
        raise exceptions.ParseError("The body must be a JSON object.")
    errors = [
        FieldError(
            name,
            "unknown",
            f"{parameters.shown(name)!r} must be one of: {', '.join(MEMBERS)}",
            pointer=pointer(name),
        )
        for name in data
        if name not in MEMBERS
    ]
    if not isinstance(data.get("model"), str):
        text = f"model must be one of: {', '.join(parameters.PARAMETERS)}"
        errors.append(FieldError("model", "required", text))
    if errors:
        raise InvalidParameters(errors)
    return data
