"""Keeps secrets of our own URLs out of the log: callback tokens and signed media links."""

import logging
import re

_SECRET = re.compile(r"(/callbacks/pixazo/[^/\s]+/|/media/|(?<!v1)/uploads/|(?<!team)/invitations/)[^/\s\"']+")


class MaskTokens(logging.Filter):
    """Replaces the secret part of such a path by `***`."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = _SECRET.sub(r"\1***", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True
