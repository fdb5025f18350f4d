"""The API's description as what a page shows: texts, tables and samples, nothing nested."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pvideo_platform import openapi
from pvideo_platform.openapi_examples import resolved

MAX_CHOICES = 12
"""More allowed values than this are not all written out in a table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a parameter, or a member of an object."""

    name: str
    kind: str
    required: bool
    description: str
    facts: list[str]
    link: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    link: str
    codes: list[str]
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Row]
    bodies: list[str]
    """Names of the schemas that the body may have."""
    answers: list[Answer]
    samples: list[dict[str, str]]

    @property
    def successes(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status < "400"]

    @property
    def errors(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status >= "400"]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    description: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    description: str
    rows: list[Row]
    variants: list[str]
    facts: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    paragraphs: list[str]
    authentication: str
    server: str
    groups: list[Group]
    shapes: list[Shape]


@cache
def page() -> Page:
    document = openapi.document()
    groups = {tag["name"]: Group(tag["name"], tag["description"]) for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found = _operation(document, path, method, operation)
            groups[operation["tags"][0]].operations.append(found)
    schemas = document["components"]["schemas"]
    return Page(
        title=document["info"]["title"],
        paragraphs=document["info"]["description"].split("\n\n"),
        authentication=document["components"]["securitySchemes"]["bearerAuth"]["description"],
        server=document["servers"][0]["url"],
        groups=list(groups.values()),
        shapes=[_shape(name, schema) for name, schema in sorted(schemas.items())],
    )


def _operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> Operation:
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation["description"],
        scope=operation["x-scope"] or "",
        parameters=[_parameter(resolved(one, document)) for one in operation.get("parameters", ())],
        bodies=[
            _name_of(media["schema"])
            for media in operation.get("requestBody", {}).get("content", {}).values()
        ],
        answers=[_answer(status, one) for status, one in operation["responses"].items()],
        samples=operation["x-codeSamples"],
    )


def _parameter(parameter: dict[str, Any]) -> Row:
    schema = parameter["schema"]
    return Row(
        parameter["name"],
        _kind(schema),
        parameter.get("required", False),
        parameter.get("description", ""),
        list(_facts(schema)),
        link=_name_of(schema),
        place=parameter["in"],
    )


def _answer(status: str, answer: dict[str, Any]) -> Answer:
    media: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
    example = media.get("example")
    return Answer(
        status,
        answer["description"],
        _name_of(media.get("schema", {})),
        answer.get("x-codes", []),
        "" if example is None else json.dumps(example, indent=2, ensure_ascii=False),
    )


def _shape(name: str, schema: dict[str, Any]) -> Shape:
    required = schema.get("required", [])
    return Shape(
        name,
        schema.get("description", ""),
        [
            Row(
                member,
                _kind(below),
                member in required,
                below.get("description", ""),
                list(_facts(below)),
                link=_name_of(below),
            )
            for member, below in schema.get("properties", {}).items()
        ],
        [_name_of(one) for one in schema.get("oneOf", ())],
        list(_facts(schema)),
    )


def _name_of(schema: dict[str, Any]) -> str:
    """The component that a schema is, holds, or may be besides null."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "items" in schema:
        return _name_of(schema["items"])
    names = filter(None, (_name_of(one) for one in schema.get("oneOf", ())))
    return next(names, "")


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _name_of(schema)
    if "oneOf" in schema:
        return " or ".join(_kind(one) for one in schema["oneOf"])
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    words = [f"array of {_kind(schema['items'])}" if one == "array" else one for one in kinds]
    text = " or ".join(words)
    return f"{text} ({schema['format']})" if "format" in schema else text


def _facts(schema: dict[str, Any]) -> Iterator[str]:
    """Bounds, allowed values and default, in words."""
    for one in schema.get("oneOf", ()):
        if "$ref" not in one:
            yield from _facts(one)
    if "enum" in schema:
        allowed = [json.dumps(value, ensure_ascii=False) for value in schema["enum"]]
        more = len(allowed) - MAX_CHOICES
        yield "One of " + ", ".join(allowed[:MAX_CHOICES]) + (f" and {more} more" * (more > 0))
    if "const" in schema:
        yield f"Always {json.dumps(schema['const'])}"
    if "minimum" in schema or "maximum" in schema:
        low, high = schema.get("minimum"), schema.get("maximum")
        yield f"From {low} to {high}" if high is not None else f"{low} or more"
    if "maxLength" in schema:
        yield f"At most {schema['maxLength']:,} characters"
    if "default" in schema:
        yield f"Default {json.dumps(schema['default'], ensure_ascii=False)}"
