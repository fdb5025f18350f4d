"""Keeps secrets of our own URLs out of the log: callback tokens, signed media links, links to
share and to join."""

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
