"""Keeps secrets of our own URLs out of the log: callback tokens, signed media links, links to
share and to join; and keeps a refused request to one line."""

import logging
import re

_SECRET = re.compile(
    r"(/callbacks/pixazo/[^/\s]+/|/media/|/share/|(?<!v1)/uploads/|(?<!team)/invitations/)"
    r"[^/\s\"']+"
)


class MaskTokens(logging.Filter):
    """Replaces the secret part of such a path by `***`."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = _SECRET.sub(r"\1***", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True


class RefusedInOneLine(logging.Filter):
    """For `django.request`: an answer below 500 is the requester's doing, and needs no traceback.
    The line names the address and the status; a failure of ours (an error) keeps its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            record.exc_info = record.exc_text = None
        return True
