"""A form of the Studio as it stands: what was typed, and the request that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.errors import FieldError
from generations import modes, parameters
from generations.modes import RECORDING, SCRIPT, SPOKEN, Mode
from generations.parameters import InvalidParameters

# The price does not depend on these, so it can be shown before they are filled in.
_STAND_INS = {"prompt": "-", "image": "https://example.com/image.png"}


@dataclass(frozen=True, slots=True)
class Filled:
    """Attributes:
    values: all that was typed, also what is not sent.
    speech: whether the person speaks a script or a recording; "" where nobody speaks.
    """

    mode: Mode
    values: dict[str, Any]
    speech: str = ""

    @property
    def request(self) -> dict[str, Any]:
        """What is asked of the model: of script and recording only the one that was chosen."""
        left_out = {RECORDING: set(SPOKEN), SCRIPT: {"audio"}}.get(self.speech, set())
        return {name: value for name, value in self.values.items() if name not in left_out}

    @property
    def missing(self) -> list[FieldError]:
        """What the form asks for beyond the model, and has not been given."""
        return self.mode.missing(self.request, speech=self.speech)

    @property
    def priced(self) -> dict[str, Any]:
        """The request with stand-ins for what is required, still blank, and free of influence."""
        required = {parameter.name for parameter in self.mode.parameters if parameter.required}
        stand_ins = {name: text for name, text in _STAND_INS.items() if name in required}
        return stand_ins | self.request

    @property
    def spelled_out(self) -> dict[str, Any]:
        """The request without the advanced settings that say nothing, required blanks shown."""
        given = self.request
        blanks = {p.name: "" for p in self.mode.parameters if p.required and p.name not in given}
        quiet = {
            parameter.name
            for parameter in self.mode.parameters
            if parameter.group == "Advanced" and given.get(parameter.name) == parameter.default
        }
        return blanks | {name: value for name, value in given.items() if name not in quiet}

    @property
    def lacks(self) -> list[str]:
        """In words, what stands between this form and a request that is accepted."""
        names = {error.field for error in self.missing}
        names |= {
            parameter.name
            for parameter in self.mode.parameters
            if parameter.required and not str(self.request.get(parameter.name, "")).strip()
        }
        return [self.mode.label_of(p.name) for p in self.mode.parameters if p.name in names]

    def check(self) -> None:
        """Raises: InvalidParameters, when the form asks for more than the model does."""
        missing = self.missing
        if not missing:
            return
        named = {error.field for error in missing}
        try:
            parameters.validate(self.mode.model, self.request)
        except InvalidParameters as error:
            # What the other way of speaking would need is not asked for.
            ignored = named | (set(SPOKEN) if self.speech == RECORDING else set())
            missing += [item for item in error.errors if item.field not in ignored]
        raise InvalidParameters(missing)


def fresh(mode: Mode, given: Mapping[str, Any]) -> Filled:
    """A form that shows defaults and what is given, texts excepted: theirs are placeholders."""
    defaults = {
        parameter.name: parameter.default
        for parameter in mode.parameters
        if parameter.default is not None and parameter.kind != "string"
    }
    names = {parameter.name for parameter in mode.parameters}
    kept = {name: value for name, value in given.items() if name in names}
    return Filled(mode, defaults | kept, modes.speech_of(kept) if mode.speaks else "")
