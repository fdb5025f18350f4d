"""The models' parameters as JSON Schemas, made of the one table that also checks them."""

from typing import Any

from accounts import shapes
from generations.models import VideoModel
from generations.parameters import PARAMETERS, Parameter

REQUIRED_TEXT = r"\S"
"""A required text must have something in it beside space."""
COMPONENT_NAMES = {
    VideoModel.P_VIDEO: "PVideoInput",
    VideoModel.P_VIDEO_AVATAR: "PVideoAvatarInput",
}


def input_schema(model: str, *, native: bool = True) -> shapes.Schema:
    """The JSON Schema of a model's `input`.

    Args:
        native: as our own API takes it, where `no_op` can only be false.
    """
    table = PARAMETERS[model]
    schema: shapes.Schema = {
        "type": "object",
        "description": f"What `{model}` can be told. A member that is null counts as left out.",
        "properties": {parameter.name: _schema(parameter, native) for parameter in table},
        "additionalProperties": False,
    }
    if required := [parameter.name for parameter in table if parameter.required]:
        schema["required"] = required
    if model == VideoModel.P_VIDEO_AVATAR:
        # Without a sound there is nothing to say. Not `anyOf`: generators of clients would make
        # two types of it.
        schema["if"] = {"properties": {"audio": {"type": "null"}}}
        schema["then"] = {
            "properties": {"voice_script": {"type": "string", "pattern": REQUIRED_TEXT}},
            "required": ["voice_script"],
        }
    return schema


def _schema(parameter: Parameter, native: bool) -> shapes.Schema:
    schema: shapes.Schema = {**_KINDS[parameter.kind](parameter), "description": parameter.help}
    if native and parameter.name == "no_op":
        schema |= {"enum": [False], "description": f"{parameter.help} Only false can be kept."}
    if not parameter.required:
        schema = shapes.nullable(schema)
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _string(parameter: Parameter) -> shapes.Schema:
    schema: shapes.Schema = {"type": "string", "maxLength": parameter.max_length}
    if parameter.required:
        schema |= {"minLength": 1, "pattern": REQUIRED_TEXT}
    return schema


def _url(parameter: Parameter) -> shapes.Schema:
    return {"type": "string", "format": "uri", "minLength": 1, "maxLength": 2048}


def _integer(parameter: Parameter) -> shapes.Schema:
    return {"type": "integer", "minimum": parameter.minimum, "maximum": parameter.maximum}


def _boolean(parameter: Parameter) -> shapes.Schema:
    return {"type": "boolean"}


def _choice(parameter: Parameter) -> shapes.Schema:
    return shapes.choice(*parameter.choices)


def _array(parameter: Parameter) -> shapes.Schema:
    return {"type": "array", "items": shapes.choice(*parameter.choices)}


_KINDS: dict[str, Any] = {
    "string": _string,
    "url": _url,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "array": _array,
}
