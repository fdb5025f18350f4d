"""The controls of the Studio's forms, built from the table of parameters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from generations import uploads
from generations.modes import SPOKEN, Mode
from generations.parameters import FieldError, Parameter
from generations.studio_examples import SAMPLES
from generations.upload_models import UploadKind

PLACEHOLDERS = {
    "prompt": "A paper boat drifts down a rain gutter in golden evening light, macro shot",
    "image": "https://",
    "audio": "https://",
    "voice_script": "Good morning, and welcome.",
    "seed": "Random",
}
ROWS = {"prompt": 5, "voice_script": 4, "voice_prompt": 2, "video_prompt": 2}
"""Lines that a text's field has at first."""
ACCEPTED = {
    "image": "image/jpeg,image/png,image/webp",
    "audio": "audio/flac,audio/mpeg,audio/wav,.flac,.mp3,.wav",
}
_SEGMENTS_AT_MOST = 3
_SLIDER_AT_MOST = 100
_QUALIFIED = re.compile(r"(.+) \((Female|Male)\)")


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool

    @property
    def css_name(self) -> str:
        """As a part of a class's name: "16:9" -> "16-9"."""
        return self.value.replace(":", "-")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample input of the sandbox's: a link without JavaScript, a fill-in with it."""

    label: str
    url: str
    query: str


@dataclass(frozen=True, slots=True)
class Field:
    """One control: the parameter, what stands in it, and what is wrong with that."""

    mode: Mode
    parameter: Parameter
    value: Any
    errors: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def id(self) -> str:
        return f"id_{self.parameter.name}"

    @property
    def label(self) -> str:
        return self.mode.label_of(self.parameter.name)

    @property
    def help(self) -> str:
        return self.mode.help_of(self.parameter)

    @property
    def is_required(self) -> bool:
        return self.mode.requires(self.parameter)

    @property
    def is_optional(self) -> bool:
        """Whether it is worth saying so: an input that the form can do without."""
        return self.widget == "media" and not self.is_required and not self.mode.speaks

    @property
    def widget(self) -> str:
        """The name of the template in partials/fields/ that draws it."""
        name, kind = self.parameter.name, self.parameter.kind
        if name in UploadKind:
            return "media"
        if name == "aspect_ratio":
            return "shapes"
        if kind == "choice":
            return "segments" if len(self.parameter.choices) <= _SEGMENTS_AT_MOST else "select"
        if kind == "boolean":
            return "checkbox"
        if kind == "integer" and self.parameter.maximum <= _SLIDER_AT_MOST:
            return "number"
        return "textarea" if name in ROWS else "input"

    @property
    def template(self) -> str:
        return f"partials/fields/{self.widget}.html"

    @property
    def rows(self) -> int:
        return ROWS[self.parameter.name]

    @property
    def is_spoken(self) -> bool:
        """Whether only a script needs it."""
        return self.mode.speaks and self.parameter.name in SPOKEN

    @property
    def is_recording(self) -> bool:
        return self.mode.speaks and self.parameter.name == "audio"

    @property
    def accepts(self) -> str:
        """MIME types and endings, for the file picker."""
        return ACCEPTED[self.parameter.name]

    @property
    def max_bytes(self) -> int:
        is_image = self.parameter.name == UploadKind.IMAGE
        return int(settings.UPLOAD_IMAGE_MAX_BYTES if is_image else settings.AUDIO_MAX_BYTES)

    @property
    def max_size(self) -> str:
        return f"{self.max_bytes / 1_000_000:g} MB"

    @property
    def kept_days(self) -> int:
        return uploads.kept_days()

    @property
    def is_changed(self) -> bool:
        """Whether something else than the default stands in it."""
        default = self.parameter.default
        return self.value not in ("", None) and self.value != default

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
class Section:
    title: str
    fields: Sequence[Field]

    @property
    def id(self) -> str:
        return f"section-{self.title.lower()}"

    @property
    def is_advanced(self) -> bool:
        return self.title == "Advanced"

    @property
    def is_speech(self) -> bool:
        return self.title == "Speech"

    @property
    def is_open(self) -> bool:
        """Advanced settings that say something are not hidden."""
        return any(field.errors or field.is_changed for field in self.fields)


def sections(
    mode: Mode,
    values: Mapping[str, Any],
    *,
    errors: Iterable[FieldError] = (),
    samples_url: str = "",
) -> list[Section]:
    """The form's controls in their sections.

    Args:
        values: from `forms.first_values`, `earlier_values` or `read`.
        errors: shown beside their fields; in words (`Mode.in_words`).
        samples_url: where the sandbox serves sample inputs; "" offers none.
    """
    messages: dict[str, list[str]] = {}
    for error in errors:
        messages.setdefault(error.field, []).append(error.message)
    fields = {
        parameter.name: Field(
            mode,
            parameter,
            values.get(parameter.name, False if parameter.kind == "boolean" else ""),
            tuple(messages.get(parameter.name, ())),
            _samples(mode, parameter.name, samples_url),
        )
        for parameter in mode.parameters
    }
    return [Section(title, [fields[name] for name in names]) for title, names in mode.sections]


def _samples(mode: Mode, field: str, samples_url: str) -> tuple[Sample, ...]:
    if not samples_url:
        return ()
    return tuple(
        Sample(words, f"{samples_url}/{file}", f"?example={file}")
        for words, file in SAMPLES[mode.slug].get(field, ())
    )


def _option_label(parameter: Parameter, name: str) -> str:
    return f"{name} fps" if parameter.name == "fps" else name
