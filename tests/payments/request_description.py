"""A request as Stripe's own description wants it: every field known, also the nested ones."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.sandbox.stripe.description import description, endpoint

Schema = dict[str, Any]

# The description is of version 2026-05-27.dahlia, the platform pins 2026-10-28.endive.
DESCRIBED = "2026-05-27.dahlia"
KNOWN_DIFFERENCES = {
    # The pinned version takes the customer of an invoice item beside its account.
    ("POST", "/v1/invoiceitems", "customer"),
}


def problems(request: dict[str, Any]) -> list[str]:
    """What a recorded request has that Stripe would not take, or lacks."""
    method, path = request["method"], request["path"]
    _, operation = endpoint(method, path)
    if method == "GET":
        wanted: dict[str, Schema] = {
            one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"
        }
        required = [
            one["name"]
            for one in operation["parameters"]
            if one["in"] == "query" and one.get("required")
        ]
        fields, leftover = nested(request["query"]), request["body"]
    else:
        content = operation.get("requestBody", {}).get("content", {})
        schema: Schema = next((one["schema"] for one in content.values()), {})
        wanted, required = schema.get("properties", {}), schema.get("required", [])
        fields, leftover = nested(request["body"]), request["query"]
    found = [f"{method} {path}: {name} is in the wrong place" for name, _ in leftover]
    found += [f"{method} {path}: lacks {name}" for name in required if name not in fields]
    for name, value in fields.items():
        if (method, path, name) in KNOWN_DIFFERENCES:
            continue
        if name not in wanted:
            found.append(f"{method} {path}: {name} is unknown")
        else:
            found += [f"{method} {path}: {one}" for one in _value(value, wanted[name], name)]
    return found


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """[("a[b][0]", "x")] -> {"a": {"b": {"0": "x"}}}; a list is an object with numbers."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        *outer, last = re.findall(r"[^\[\]]+", name)
        target = result
        for part in outer:
            target = target.setdefault(part, {})
        assert last not in target, f"{name} comes twice"
        target[last] = value
    return result


def _value(value: Any, schema: Schema, where: str) -> list[str]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        schema = description()["components"]["schemas"][name]
    if "anyOf" in schema:
        return min((_value(value, one, where) for one in schema["anyOf"]), key=len)
    kind = schema.get("type", "object")
    if kind in ("object", "array"):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no {kind}"]
        return (_members if kind == "object" else _items)(value, schema, where)
    if not isinstance(value, str):
        return [f"{where}: {value!r} is no {kind}"]
    if not _is_a(kind, value, schema):
        return [f"{where}: {value!r} is no {schema.get('format', kind)}"]
    if value not in schema.get("enum", [value]):
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if len(value) > schema.get("maxLength", len(value)):
        return [f"{where}: too long"]
    return []


def _is_a(kind: str, value: str, schema: Schema) -> bool:
    if schema.get("format") == "date-time":
        return datetime.fromisoformat(value).tzinfo is not None
    patterns = {"integer": r"-?[0-9]+", "number": r"-?[0-9]+(\.[0-9]+)?", "boolean": "true|false"}
    return re.fullmatch(patterns.get(kind, r"[\s\S]*"), value) is not None


def _items(value: dict[str, Any], schema: Schema, where: str) -> list[str]:
    if [*value] != [str(number) for number in range(len(value))]:
        return [f"{where}: has the places {[*value]}"]
    return [
        problem
        for number, one in value.items()
        for problem in _value(one, schema["items"], f"{where}[{number}]")
    ]


def _members(value: dict[str, Any], schema: Schema, where: str) -> list[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in properties:
            found += _value(one, properties[name], f"{where}.{name}")
        elif isinstance(more, dict):
            found += _value(one, more, f"{where}.{name}")
        else:
            found.append(f"{where}.{name} is unknown")
    return found
