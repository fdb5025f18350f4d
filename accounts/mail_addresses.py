"""E-mail addresses, beyond what Django's validator looks at."""

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage


def require_writable(address: str) -> None:
    """Raises: ValidationError: no message to it can be made, as to a domain that is no name in
    IDNA ("xn--" before letters that are not ASCII)."""
    try:
        EmailMessage(to=[address]).message()
    except ValueError as error:
        raise ValidationError("Enter a valid email address.", code="invalid") from error
