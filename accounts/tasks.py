"""Doors for the task queue: each drains one kind of work."""

from accounts import invitation_mail
from accounts.work import INVITATIONS


def invitations() -> None:
    INVITATIONS.drain(lambda leave: invitation_mail.send_due(), invitation_mail.next_due)
