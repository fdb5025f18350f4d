"""A mail server that has trouble, for the tests of notices."""

from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import locmem


class EmailBackend(locmem.EmailBackend):
    """Refuses the recipients in `refused`, and everybody when that has "*"."""

    refused: set[str] = set()

    def send_messages(self, messages: Sequence[EmailMessage]) -> Any:
        for message in messages:
            if self.refused & {"*", *message.to}:
                raise ConnectionRefusedError("no mail today")
        return super().send_messages(messages)
