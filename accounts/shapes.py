"""The vocabulary of the API's description: JSON Schemas (2020-12, as OpenAPI 3.1 has them).

Each layer names the shapes that it takes and gives; `pvideo_platform.openapi` gathers them. A view
says with `extend_schema` which of them it uses, and beside its `scopes`:

    errors = {"POST": ("insufficient_credits", ...)}  # codes beyond those that every call has
"""

from typing import Any

Schema = dict[str, Any]

COMPONENTS: dict[str, Schema] = {}


def component(name: str, schema: Schema) -> Schema:
    """Keep a schema under a name, and refer to it."""
    assert name not in COMPONENTS, name
    COMPONENTS[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def record(description: str, /, *, optional: tuple[str, ...] = (), **properties: Any) -> Schema:
    """An object with exactly these members, all of them there but the `optional` ones."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def described(schema: Schema, description: str, **more: Any) -> Schema:
    return {**schema, "description": description, **more}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "type" in schema and isinstance(schema["type"], str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    kept = {name: schema[name] for name in ("description",) if name in schema}
    plain = {name: value for name, value in schema.items() if name not in kept}
    return {"oneOf": [plain, {"type": "null"}], **kept}


def choice(*values: Any, description: str = "") -> Schema:
    kind = "integer" if all(isinstance(value, int) for value in values) else "string"
    schema: Schema = {"type": kind, "enum": list(values)}
    return {**schema, "description": description} if description else schema


def array(items: Schema, description: str = "", **more: Any) -> Schema:
    return {"type": "array", "items": items, "description": description, **more}


TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
ID: Schema = {
    "type": "string",
    "format": "uuid",
    "description": "Its id (a UUID); later ones sort after earlier ones.",
    "examples": ["0199a6c4-7c1e-7d30-9f6b-1a2b3c4d5e6f"],
}
URL: Schema = {"type": "string", "format": "uri"}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "description": "ISO 8601, in UTC.",
    "examples": ["2026-05-22T13:17:32.110Z"],
}
DAY: Schema = {"type": "string", "format": "date", "examples": ["2026-05-22"]}
MONEY: Schema = {
    "type": "string",
    "pattern": r"^-?[0-9]+\.[0-9]{6}$",
    "description": "US dollars, as a decimal string with six places.",
    "examples": ["0.025000"],
}
CURRENCY: Schema = {"type": "string", "const": "USD", "description": "Of the amounts beside it."}

_CURSOR: Schema = {"type": "string", "maxLength": 500}


def money(description: str) -> Schema:
    return described(MONEY, f"{description} US dollars, six decimals.")


def page_of(name: str, item: Schema, what: str) -> Schema:
    """The component of a page of a list."""
    return component(
        name,
        record(
            f"A page of {what}.",
            results=array(item, "In the order asked for."),
            next=described(nullable(URL), "The next page, or null on the last one."),
            previous=described(nullable(URL), "The page before, or null on the first one."),
            next_cursor=described(nullable(_CURSOR), "`cursor` of the next page."),
            previous_cursor=described(nullable(_CURSOR), "`cursor` of the page before."),
        ),
    )
