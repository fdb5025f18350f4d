"""Endpoints' secrets at rest, so that a copy of the database signs nothing."""

from cryptography.fernet import InvalidToken

from accounts import sealing

_PURPOSE = "webhooks.secret"


class CannotUnseal(Exception):
    """No key of SECRET_KEY or SECRET_KEY_FALLBACKS opens it."""


def seal(secret: str) -> bytes:
    return sealing.seal(secret.encode(), purpose=_PURPOSE)


def unseal(sealed: bytes | memoryview) -> str:
    """Raises: CannotUnseal."""
    try:
        return sealing.unseal(sealed, purpose=_PURPOSE).decode()
    except InvalidToken as error:
        raise CannotUnseal("SECRET_KEY was replaced without a fallback") from error
