"""The base of every error that the domain raises on purpose.

Domain code never sees an HTTP object: `pvideo_platform.problems` maps the codes to answers.
"""

from typing import Any


class DomainError(Exception):
    """Something the caller can act on.

    Attributes:
        code: stable, documented, lower_snake_case.
        message: a sentence for the person who reads it; never internals.
        extra: further members of the problem document (JSON-serialisable).
    """

    code = "error"

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra
