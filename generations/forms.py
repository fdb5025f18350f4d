"""The Studio's forms, built from the table of parameters.

A form speaks text, the reference strict JSON types: `read` converts, and what cannot be converted
goes on as it is, so that the validator's own words appear beside the field.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from generations.models import VideoModel
from generations.parameters import PARAMETERS, SHOWN_ONLY_TO_PROGRAMS, FieldError, Parameter

GROUPS = ("Prompt", "Inputs", "Voice", "Output", "Advanced")
LABELS = {
    "image": "Image URL",
    "audio": "Audio URL",
    "voice_script": "Script",
    "voice_language": "Language",
    "voice_prompt": "Delivery",
    "video_prompt": "Scene",
    "fps": "Frame rate",
    "draft": "Draft mode",
    "save_audio": "Keep sound",
    "prompt_upsampling": "Enrich the prompt",
    "disable_prompt_upsampling": "Keep the prompt as it is",
    "disable_safety_filter": "Skip the safety filter",
}
PLACEHOLDERS = {
    "prompt": "A cat walking in a garden",
    "image": "https://",
    "audio": "https://",
    "voice_script": "Good morning, and welcome.",
    "seed": "Random",
}
LONG_TEXTS = frozenset({"prompt", "voice_script"})
MODEL_BLURBS = {
    VideoModel.P_VIDEO: "Video from text, an image, sound, or all three.",
    VideoModel.P_VIDEO_AVATAR: "A person who speaks your script or your recording.",
}
EXAMPLES = {
    VideoModel.P_VIDEO: (
        ("image", "landscape", "landscape.jpg"),
        ("image", "portrait", "portrait.png"),
        ("audio", "4-second tone", "tone-4s.wav"),
        ("audio", "speech", "speech-7s.mp3"),
    ),
    VideoModel.P_VIDEO_AVATAR: (
        ("image", "portrait", "portrait.png"),
        ("audio", "speech", "speech-7s.mp3"),
    ),
}
"""Sample inputs that the sandbox serves: field, words, file."""

# The price does not depend on these, so it can be shown before they are filled in.
_STAND_INS = {"prompt": "-", "image": "https://example.com/image.png"}

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,25}")
_QUALIFIED = re.compile(r"(.+) \((Female|Male)\)")
_SEGMENTS_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A sample input of the sandbox's: a link without JavaScript, a fill-in with it."""

    label: str
    url: str
    query: str


@dataclass(frozen=True, slots=True)
class Field:
    """One control: the parameter, what stands in it, and what is wrong with that."""

    parameter: Parameter
    value: Any
    errors: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def id(self) -> str:
        return f"id_{self.parameter.name}"

    @property
    def label(self) -> str:
        return label(self.parameter.name)

    @property
    def widget(self) -> str:
        """The name of the template in partials/fields/ that draws it."""
        kind = self.parameter.kind
        if kind == "choice":
            return "segments" if len(self.parameter.choices) <= _SEGMENTS_AT_MOST else "select"
        if kind == "boolean":
            return "checkbox"
        return "textarea" if self.parameter.name in LONG_TEXTS else "input"

    @property
    def is_wide(self) -> bool:
        """Whether it takes a whole row."""
        return self.parameter.group == "Prompt" or self.widget == "textarea"

    @property
    def template(self) -> str:
        return f"partials/fields/{self.widget}.html"

    @property
    def described_by(self) -> str:
        """The ids for aria-describedby: the error first."""
        ids = [f"{self.id}_error"] if self.errors else []
        return " ".join([*ids, f"{self.id}_help"])

    @property
    def placeholder(self) -> str:
        default = self.parameter.default if self.parameter.kind == "string" else ""
        # A space, not nothing: the style sheet asks :placeholder-shown.
        return PLACEHOLDERS.get(self.parameter.name) or default or " "

    @property
    def option_groups(self) -> list[tuple[str, list[Option]]]:
        """The choices as (optgroup's label or "", options)."""
        groups: dict[str, list[Option]] = {}
        for choice in self.parameter.choices:
            value = str(choice)
            found = _QUALIFIED.fullmatch(value) if self.parameter.name == "voice" else None
            name, group = (found[1], found[2]) if found else (value, "")
            option = Option(value, _option_label(self.parameter, name), value == str(self.value))
            groups.setdefault(group, []).append(option)
        return list(groups.items())

    @property
    def options(self) -> list[Option]:
        return [option for _, options in self.option_groups for option in options]


@dataclass(frozen=True, slots=True)
class FieldGroup:
    name: str
    fields: Sequence[Field]

    @property
    def is_advanced(self) -> bool:
        return self.name == "Advanced"

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


def label(name: str) -> str:
    """A parameter's name as a person reads it: "aspect_ratio" -> "Aspect ratio"."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def offered(model: str) -> list[Parameter]:
    """The parameters that a person is shown."""
    return [p for p in PARAMETERS[model] if p.name not in SHOWN_ONLY_TO_PROGRAMS]


def read(model: str, posted: QueryDict) -> dict[str, Any]:
    """A posted form as the reference's JSON types, blanks left out."""
    values: dict[str, Any] = {}
    for parameter in offered(model):
        if parameter.kind == "boolean":
            values[parameter.name] = parameter.name in posted
            continue
        text = posted.get(parameter.name, "").replace("\r\n", "\n")
        if parameter.kind != "string":
            text = text.strip()
        if text.strip():
            values[parameter.name] = _converted(parameter, text)
    return values


def read_for_price(model: str, posted: QueryDict) -> dict[str, Any]:
    """As `read`, with stand-ins for what is required, still blank, and free of influence."""
    required = {parameter.name for parameter in offered(model) if parameter.required}
    stand_ins = {name: text for name, text in _STAND_INS.items() if name in required}
    return stand_ins | read(model, posted)


def first_values(model: str) -> dict[str, Any]:
    """What a fresh form shows: defaults, but for texts, whose default is the placeholder."""
    return {
        parameter.name: parameter.default
        for parameter in offered(model)
        if parameter.default is not None and parameter.kind != "string"
    }


def earlier_values(model: str, earlier: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows to run an earlier input again, also one of the other model."""
    names = {parameter.name for parameter in offered(model)}
    kept = {name: value for name, value in earlier.items() if name in names}
    return first_values(model) | kept


def groups(
    model: str,
    values: Mapping[str, Any],
    *,
    errors: Iterable[FieldError] = (),
    samples_url: str = "",
) -> list[FieldGroup]:
    """The form's controls in their fieldsets.

    Args:
        values: from `first_values`, `earlier_values` or `read`.
        errors: the validator's, shown beside their fields.
        samples_url: where the sandbox serves sample inputs; "" offers none.
    """
    messages: dict[str, list[str]] = {}
    for error in errors:
        messages.setdefault(error.field, []).append(error.message)
    fields = [
        Field(
            parameter,
            values.get(parameter.name, False if parameter.kind == "boolean" else ""),
            tuple(messages.get(parameter.name, ())),
            _examples(model, parameter.name, samples_url),
        )
        for parameter in offered(model)
    ]
    grouped = [
        FieldGroup(name, [field for field in fields if field.parameter.group == name])
        for name in GROUPS
    ]
    return [group for group in grouped if group.fields]


def example_values(model: str, name: str, samples_url: str) -> dict[str, Any]:
    """What `?example=<file>` fills in: one field, or nothing for an unknown name."""
    if not samples_url:
        return {}
    return {
        field: f"{samples_url}/{file}"
        for field, _, file in EXAMPLES[VideoModel(model)]
        if file == name
    }


def _examples(model: str, field: str, samples_url: str) -> tuple[Example, ...]:
    if not samples_url:
        return ()
    return tuple(
        Example(words, f"{samples_url}/{file}", f"?example={file}")
        for name, words, file in EXAMPLES[VideoModel(model)]
        if name == field
    )


def _converted(parameter: Parameter, text: str) -> Any:
    if parameter.kind == "integer" and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if parameter.kind == "choice":
        return next((choice for choice in parameter.choices if str(choice) == text), text)
    return text


def _option_label(parameter: Parameter, name: str) -> str:
    return f"{name} fps" if parameter.name == "fps" else name
