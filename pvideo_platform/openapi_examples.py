"""Example answers of the API's description, made of the schemas' own examples."""

import re
from typing import Any

JSON = "application/json"


def add(document: dict[str, Any]) -> None:
    """Give every JSON answer that has none an example that its schema accepts."""
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                media = answer.get("content", {}).get(JSON)
                if media and status < "400" and "example" not in media:
                    media["example"] = of(media["schema"], document)


def of(schema: dict[str, Any], document: dict[str, Any], name: str = "") -> Any:
    """A value that a schema accepts, as telling as its examples and defaults are."""
    if "$ref" in schema:
        return of(resolved(schema, document), document, name)
    if "example" in schema:
        return schema["example"]
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("oneOf", "anyOf"):
        if several in schema and schema.get("type") != "object":
            return of(schema[several][0], document, name)
    return _plain(schema, document, name)


def _plain(schema: dict[str, Any], document: dict[str, Any], name: str) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    match kind:
        case "object":
            members = schema.get("properties", {})
            return {member: of(below, document, member) for member, below in members.items()}
        case "array":
            return [of(schema["items"], document, name)]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
        case "null":
            return None
    if schema.get("format") == "uri":
        return f"https://example.com/{name.removesuffix('_url') or 'file'}"
    return re.sub("_", " ", name) or "text"


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a reference of the document points to; a schema without one as it is."""
    while "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema
