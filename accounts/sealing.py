"""What has to be read again but must not lie open: sealed with a key of SECRET_KEY's.

With SECRET_KEY replaced, SECRET_KEY_FALLBACKS still opens what the old one sealed.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(data: bytes, *, purpose: str) -> bytes:
    """Args:
    purpose: what only that can open which names it too; each kind of content has its own.
    """
    return _keys(purpose).encrypt(data)


def unseal(sealed: bytes | memoryview, *, purpose: str) -> bytes:
    """Raises: cryptography.fernet.InvalidToken, when no key of ours opens it."""
    return _keys(purpose).decrypt(bytes(sealed))


def _keys(purpose: str) -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_fernet(str(secret), purpose) for secret in secrets])


def _fernet(secret: str, purpose: str) -> Fernet:
    """SECRET_KEY signs much else: a key derived for this purpose alone."""
    derived = hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
