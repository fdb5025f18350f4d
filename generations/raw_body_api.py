"""How the doors that take any bytes read them."""

from django.http import HttpRequest


class BodyUnreadable(Exception):
    """The client is gone, or its chunks make no sense."""


def read(request: HttpRequest, *, most_bytes: int) -> bytes:
    """The raw body, and one byte more than `most_bytes` of a longer one.

    Django reads by Content-Length only; the server says when it has bounded a body in chunks.

    Raises: BodyUnreadable.
    """
    chunked = request.META.get("wsgi.input_terminated") and not request.META.get("CONTENT_LENGTH")
    source = request.META["wsgi.input"] if chunked else request
    try:
        return bytes(source.read(most_bytes + 1))
    except Exception as error:  # of the server's own kinds
        raise BodyUnreadable from error
