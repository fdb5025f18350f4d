"""The base of every error that the domain raises on purpose.

Domain code never sees an HTTP object: `pvideo_platform.problems` maps the codes to answers.
"""

from dataclasses import dataclass
from typing import Any


class DomainError(Exception):
    """Something the caller can act on.

    Attributes:
        code: stable, documented, lower_snake_case.
        message: a sentence for the person who reads it; never internals.
        extra: further members of the problem document (JSON-serialisable).
        retry_after_seconds: when asking again may help; None where it would not, or nobody knows.
    """

    code = "error"
    retry_after_seconds: int | None = None

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra


class Busy(DomainError):
    """Too much of this at the moment; the same request may pass in a few seconds."""

    code = "busy"
    retry_after_seconds = 2


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one part of a request, for a problem document's `errors`.

    `field` is the name of an input parameter, "?name" for a query parameter, or a header's name.
    `pointer` is the JSON pointer (RFC 6901) where that does not follow from the name.
    """

    field: str
    code: str
    message: str
    pointer: str = ""


class InvalidParameters(DomainError):
    code = "invalid_parameters"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


class InvalidMember(InvalidParameters):
    """One member of a request is wrong, in a way that has a code of its own.

    Attributes:
        member: its name.
    """

    member = ""

    def __init__(self, message: str) -> None:
        super().__init__([FieldError(self.member, self.code, message, pointer=f"/{self.member}")])
