"""The API's description (OpenAPI 3.1): what the views say of themselves, completed.

A view describes its own answers; what every call has (errors, headers, security, samples) is added
here, so that it is the same everywhere and cannot be forgotten.
"""

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from accounts import shapes
from accounts.authentication import ANY_SCOPE
from pvideo_platform import (
    openapi_errors,
    openapi_examples,
    openapi_samples,
    openapi_texts,
    openapi_webhooks,
)

Operation = dict[str, Any]
PREFIX = "/api/v1/"
_WHOSE = {"key": "API key", "endpoint": "webhook endpoint"}


_making = threading.Lock()
"""The framework's generator fails when two threads use it at once: the first two visitors."""


@cache
def document() -> dict[str, Any]:
    """The whole description. Made once in a process: it depends on code and settings alone."""
    with _making:
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def native_only(endpoints: list[tuple[str, str, str, Callable[..., Any]]]) -> list[Any]:
    """A hook: Pixazo's API has a description of its own, by Pixazo."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


class OperationSchema(AutoSchema):
    """One operation, with all that every operation has."""

    def get_auth(self) -> list[Any]:
        """Nothing from the classes: `_add_scope` says it."""
        return []

    def get_description(self) -> str:  # type: ignore[override]  # as its own base has it
        """Nothing from docstrings, which are for who works on the code: `extend_schema` says it."""
        return ""

    def _get_request_body(self, direction: Any = "request") -> Any:
        """A shape is a body in JSON, unless the view says of which media type it is."""
        if self.method not in ("POST", "PUT", "PATCH"):
            return None
        request: Any = self.get_request_serializer()
        if isinstance(request, dict) and not any("/" in name for name in request):
            schema = {"application/json": {"schema": request}}
            return {"content": schema}
        return super()._get_request_body(direction)  # type: ignore[no-untyped-call]

    def get_operation(self, *args: Any, **kwargs: Any) -> Operation | None:
        operation: Operation | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        method = self.method.upper()
        handler = getattr(type(self.view), method.lower())
        is_idempotent = operation.pop("x-idempotent", False) or hasattr(handler, "is_idempotent")
        has_location = operation.pop("x-location", False)
        scope = getattr(self.view, "scopes", {}).get(method, ANY_SCOPE)
        _add_scope(operation, scope)
        _complete_parameters(operation, is_idempotent)
        _complete_answers(operation, is_idempotent, has_location)
        if "requestBody" in operation:
            operation["requestBody"]["required"] = _is_required(operation["requestBody"])
        codes = getattr(self.view, "errors", {}).get(method, ())
        openapi_errors.add(operation, codes, is_idempotent=is_idempotent)
        operation["x-codeSamples"] = openapi_samples.of(
            method, self.path, operation, example=operation.pop("x-example", None)
        )
        return operation


def _is_required(body: dict[str, Any]) -> bool:
    """A body of which no member is required may be left out."""
    schema = next(iter(body["content"].values()))["schema"]
    if "$ref" in schema:
        schema = shapes.COMPONENTS[schema["$ref"].rpartition("/")[2]]
    return bool(schema.get("required")) or "oneOf" in schema


def _add_scope(operation: Operation, scope: str) -> None:
    scopes = [] if scope == ANY_SCOPE else [str(getattr(scope, "value", scope))]
    operation["security"] = [{"bearerAuth": scopes}]
    needed = f"Needs the scope `{scopes[0]}`." if scopes else "Any key may ask."
    operation["description"] = f"{operation.get('description', '')} {needed}".strip()
    operation["x-scope"] = scopes[0] if scopes else None


def _complete_parameters(operation: Operation, is_idempotent: bool) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            whose = parameter["name"].removesuffix("_id").replace("_", " ")
            parameter.setdefault("description", f"The id of the {_WHOSE.get(whose, whose)}.")
            if parameter["schema"].get("format") == "uuid":
                parameter["example"] = openapi_samples.EXAMPLE_ID
    if is_idempotent:
        operation.setdefault("parameters", []).append(
            {"$ref": "#/components/parameters/IdempotencyKey"}
        )


def _complete_answers(operation: Operation, is_idempotent: bool, has_location: bool) -> None:
    names = ["X-Request-ID", "RateLimit-Policy", "RateLimit"]
    if has_location:
        names.append("Location")
    if is_idempotent:
        names.append("Idempotency-Replayed")
    for answer in operation["responses"].values():
        answer.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        )


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook: the components, the texts, and the examples, which need the components."""
    components = result.setdefault("components", {})
    components["schemas"] = {
        **components.get("schemas", {}),
        **shapes.COMPONENTS,
        "Problem": openapi_errors.PROBLEM,
        "ProblemItem": openapi_errors.PROBLEM_ITEM,
    }
    components["securitySchemes"] = {
        "bearerAuth": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pv_...",
            "description": openapi_texts.AUTHENTICATION,
        }
    }
    components["headers"] = openapi_texts.HEADERS
    components["parameters"] = {"IdempotencyKey": openapi_texts.IDEMPOTENCY_KEY}
    result["info"]["description"] = openapi_texts.OVERVIEW
    result["servers"] = [{"url": settings.PUBLIC_BASE_URL, "description": "This platform."}]
    result["paths"] = _in_order(result["paths"])
    openapi_examples.add(result)
    result["webhooks"] = openapi_webhooks.described()
    operations = [one for path in result["paths"].values() for one in path.values()]
    used = {tag for operation in operations for tag in operation["tags"]}
    result["tags"] = [
        {"name": name, "description": openapi_texts.TAGS.get(name, "")}
        for name in sorted(used, key=_place)
    ]
    return result


def _in_order(paths: dict[str, Any]) -> dict[str, Any]:
    def first_tag(item: tuple[str, Any]) -> tuple[int, str]:
        operation = next(iter(item[1].values()))
        return (_place(operation["tags"][0]), item[0])

    return dict(sorted(paths.items(), key=first_tag))


def _place(tag: str) -> int:
    known = list(openapi_texts.TAGS)
    return known.index(tag) if tag in known else len(known)
