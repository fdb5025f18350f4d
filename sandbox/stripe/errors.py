"""Refusals in Stripe's shape (API reference, "Errors")."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """One refusal.

    `started` says whether the endpoint had begun to execute: only then does an idempotency key keep
    the answer. `more` holds further members of the error, such as `payment_intent`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        started: bool = False,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.started = started
        self.error: dict[str, Any] = {"message": message, "type": type_, **(more or {})}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param

    @property
    def code(self) -> str | None:
        """Stripe's short code for this refusal."""
        found: str | None = self.error.get("code")
        return found

    @property
    def message(self) -> str:
        """The text for people."""
        return str(self.error["message"])


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """Return the 400 for a parameter that is not acceptable; nothing has been executed."""
    return StripeError(400, message, param=param, code=code)


def unexpected_state(message: str, *, code: str | None = None, **more: Any) -> StripeError:
    """Return the 400 for a request that the object's present state does not allow."""
    return StripeError(400, message, code=code, started=True, more=more)


def missing(kind: str, object_id: str, *, param: str, in_path: bool = False) -> StripeError:
    """Return the refusal for an id that does not exist: 404 in the path, 400 as a parameter."""
    return StripeError(
        404 if in_path else 400,
        f"No such {kind}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def unauthorized(message: str) -> StripeError:
    """Return the 401 for a key that opens nothing."""
    return StripeError(401, message)


def card_error(
    message: str, *, code: str, decline_code: str | None = None, param: str | None = None
) -> StripeError:
    """Return the 402 for a card that is refused; the caller adds the objects it belongs to."""
    more = {"decline_code": decline_code} if decline_code else {}
    return StripeError(
        402, message, type_="card_error", code=code, param=param, started=True, more=more
    )
