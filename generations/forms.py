"""What the Studio's forms say, read as the reference's JSON.

A form speaks text, the reference strict JSON types: `read` converts, and what cannot be converted
goes on as it is, so that the validator's own words appear beside the field.
"""

import re
from typing import Any

from django.http import QueryDict

from backoffice.visible import visible
from generations import modes
from generations.modes import RECORDING, SCRIPT, Mode
from generations.parameters import Parameter
from generations.studio_requests import Filled

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,25}")


def read(mode: Mode, posted: QueryDict) -> Filled:
    """All that was typed, as the reference's JSON types, blanks left out."""
    values: dict[str, Any] = {}
    for parameter in mode.parameters:
        if parameter.kind == "boolean":
            values[parameter.name] = parameter.name in posted
            continue
        text = posted.get(parameter.name, "").replace("\r\n", "\n")
        if parameter.kind != "string":
            text = text.strip()
        if visible(text):
            values[parameter.name] = _converted(parameter, text)
    return Filled(mode, values, _speech(mode, values, posted.get("speech", "")))


def _speech(mode: Mode, values: dict[str, Any], chosen: str) -> str:
    if not mode.speaks:
        return ""
    return chosen if chosen in (RECORDING, SCRIPT) else modes.speech_of(values)


def _converted(parameter: Parameter, text: str) -> Any:
    if parameter.kind == "integer" and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if parameter.kind == "choice":
        return next((choice for choice in parameter.choices if str(choice) == text), text)
    return text
