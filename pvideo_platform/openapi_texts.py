"""The prose of the API's description, and what is the same in every operation."""

from typing import Any

OVERVIEW = """Make videos with the models P Video and P Video Avatar, paid per second from prepaid \
credits.

Send your key as `Authorization: Bearer pv_...`. Bodies are JSON in UTF-8, money is a decimal \
string in US dollars, times are ISO 8601 in UTC. Errors are problem documents (RFC 9457) with a \
stable `code`; unknown members and query parameters are refused by name, not ignored.

Lists are pages: follow `next`, or give `next_cursor` as `cursor`. They are stable while rows are \
added. Posts that act take an `Idempotency-Key`: repeat a request with the same key and body and \
you get the first answer again."""

AUTHENTICATION = (
    "An API key, made on the page API keys. It has scopes, and may have an expiry, a monthly "
    "budget and networks that it may be used from."
)

TAGS = {
    "Generations": "Ask for videos, follow them and get them.",
    "Models and prices": "What there is, what it can be told, and what it costs.",
    "Uploads": "Pictures and sounds of your own as inputs.",
    "Wallet": "Credits: what there is, and what moved.",
    "Top-ups": "Buying credits.",
    "Usage": "What was used, by day, model, resolution, key or member.",
    "Webhooks": "Being told instead of asking.",
    "API keys": "Keys, their scopes, budgets and rotation.",
    "Account": "Who is asking.",
}


def _header(description: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS: dict[str, Any] = {
    "X-Request-ID": _header(
        "Names this call in our logs; your own is kept when you send one (1 to 64 letters, "
        "digits, `.`, `_`, `-`).",
        "5f0c1e9a7b3d4f6c8e2a1b0d9c7f6e5a",
    ),
    "RateLimit-Policy": _header("The limits that apply: quota and window.", '"key";q=600;w=60'),
    "RateLimit": _header("What is left of them, and when all is back.", '"key";r=598;t=1'),
    "Retry-After": _header("Seconds until it makes sense to ask again.", "2"),
    "Location": _header("Where it is.", "/api/v1/generations/0199a6c4-7c1e-7d30-9f6b-1a2b3c4d5e6f"),
    "Idempotency-Replayed": _header("`true` when this is the first answer again.", "true"),
    "WWW-Authenticate": _header("How to say who you are.", 'Bearer realm="api"'),
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "example": "order-A-1001",
    "description": "Any text of your own that is new for each act, like a UUID; empty is "
    "none. The same key and request give the first answer again (with "
    "`Idempotency-Replayed: true`), another request "
    "422, and while the first one runs 409. Kept for at least 24 hours.",
    "schema": {
        "type": "string",
        "maxLength": 255,
        # What can be printed of the characters that a header can have.
        "pattern": "^[ -~\u00a1-\u00ac\u00ae-\u00ff]*$",
    },
}
