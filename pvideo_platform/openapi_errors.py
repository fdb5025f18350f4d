"""The errors of the API's description, from the one table of codes."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from accounts.shapes import INTEGER, TEXT, Schema, array, described
from pvideo_platform import problem_views, problems

PROBLEM_ITEM: Schema = {
    "type": "object",
    "description": "What is wrong with one part of the request. One of `pointer`, `parameter` and "
    "`header` says which.",
    "properties": {
        "pointer": described(TEXT, "JSON pointer (RFC 6901) into the body."),
        "parameter": described(TEXT, "Name of a query parameter."),
        "header": described(TEXT, "Name of a header."),
        "code": described(TEXT, "What kind of mistake, for programs."),
        "message": described(TEXT, "The same for people."),
    },
    "required": ["code", "message"],
}
PROBLEM: Schema = {
    "type": "object",
    "description": "An error (RFC 9457). Some codes add members of their own.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The page that explains the code.",
            "examples": ["/problems/not_found"],
        },
        "title": described(TEXT, "The code in words."),
        "status": described(INTEGER, "The HTTP status.", minimum=400, maximum=599),
        "detail": described(TEXT, "What is wrong this time, for people."),
        "code": {
            "type": "string",
            "enum": sorted(problems.STATUS),
            "description": "Stable; programs can rely on it.",
        },
        "errors": array({"$ref": "#/components/schemas/ProblemItem"}, "Each single mistake."),
        "request_id": described(TEXT, "As in `X-Request-ID`; name it when you ask us."),
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "additionalProperties": True,
}

EVERYWHERE = (
    *("not_authenticated", "not_allowed", "network_not_allowed", "not_acceptable"),
    *("invalid_parameters", "bad_request", "uri_too_long", "headers_too_large"),
    *("rate_limited", "internal_error", "maintenance"),
)
WITH_BODY = ("invalid_json", "length_required", "body_too_large", "unsupported_media_type")
WITH_IDEMPOTENCY = ("idempotency_mismatch", "idempotency_key_in_use")


def add(operation: dict[str, Any], codes: Iterable[str], *, is_idempotent: bool) -> None:
    """Describe every status that an operation can be refused with.

    Args:
        codes: those of its own, beside what every operation of its kind has.
    """
    all_codes = {*EVERYWHERE, *codes}
    if any(parameter.get("in") == "path" for parameter in operation.get("parameters", ())):
        all_codes.add("not_found")
    if "requestBody" in operation or is_idempotent:  # an act that takes none may be sent one
        all_codes.update(WITH_BODY)
    if is_idempotent:
        all_codes.update(WITH_IDEMPOTENCY)
    by_status = defaultdict(list)
    for code in sorted(all_codes):
        by_status[problems.STATUS[code]].append(code)
    for status, its_codes in sorted(by_status.items()):
        operation["responses"][str(status)] = _answer(status, its_codes)


def _answer(status: int, codes: list[str]) -> dict[str, Any]:
    headers = ["X-Request-ID", "RateLimit-Policy", "RateLimit"]
    if status in (409, 429, 503):
        headers.append("Retry-After")
    if status == 401:
        headers.append("WWW-Authenticate")
    return {
        "description": "\n".join(
            f"- `{code}`: {problem_views.EXPLANATIONS[code]}" for code in codes
        ),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
        "x-codes": codes,
    }


def _example(code: str) -> dict[str, Any]:
    example = problems.document(None, code, problem_views.EXPLANATIONS[code])
    example["request_id"] = "5f0c1e9a7b3d4f6c8e2a1b0d9c7f6e5a"
    if code == "invalid_parameters":
        message = "duration must be an integer between 1 and 10"
        example["detail"] = message
        example["errors"] = [{"pointer": "/input/duration", "code": "invalid", "message": message}]
    return example
