"""Secrets at rest: sealed with a key of SECRET_KEY's, so that a copy of the database signs nothing.

With SECRET_KEY replaced, SECRET_KEY_FALLBACKS still opens what the old one sealed.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE = b"webhooks.sealing"


class CannotUnseal(Exception):
    """No key of SECRET_KEY or SECRET_KEY_FALLBACKS opens it."""


def seal(text: str) -> bytes:
    return _keys().encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Raises: CannotUnseal."""
    try:
        return _keys().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise CannotUnseal("SECRET_KEY was replaced without a fallback") from error


def _keys() -> MultiFernet:
    return MultiFernet(
        [_fernet(str(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _fernet(secret_key: str) -> Fernet:
    """SECRET_KEY signs much else: a key derived for this purpose alone."""
    derived = hmac.digest(secret_key.encode(), _PURPOSE, hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
