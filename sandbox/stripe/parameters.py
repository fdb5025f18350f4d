"""What a request may carry, and the reading of it: unknown names are refused, also nested ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from sandbox.stripe import errors
from sandbox.stripe.forms import path_name

_MAX_INTEGER = 2**63 - 1
_METADATA_KEYS = 50
_METADATA_KEY_CHARACTERS = 40
_METADATA_VALUE_CHARACTERS = 500


class Kind(Protocol):
    """One kind of value."""

    def read(self, value: Any, name: str) -> Any:
        """Return the decoded `value` of the parameter `name`, or raise StripeError."""


def _string(value: Any, name: str, *, clearable: bool = False) -> str:
    if not isinstance(value, str):
        raise errors.invalid(f"Invalid string: {name}", param=name)
    if value == "" and not clearable:
        raise errors.invalid(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from "
            "your request or supply a non-empty value.",
            param=name,
            code="parameter_invalid_empty",
        )
    return value


@dataclass(frozen=True)
class Text:
    """A string; a `clearable` one may be empty, which reads as None."""

    max_length: int = 5000
    clearable: bool = False

    def read(self, value: Any, name: str) -> str | None:
        """Return the text, or None for an empty one."""
        text = _string(value, name, clearable=self.clearable)
        if len(text) > self.max_length:
            raise errors.invalid(
                f"Invalid string: {text[:10]}...; must be at most {self.max_length} characters",
                param=name,
            )
        return text or None


@dataclass(frozen=True)
class Url:
    """An absolute http or https address."""

    def read(self, value: Any, name: str) -> str:
        """Return the address."""
        text = _string(value, name)
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise errors.invalid("Not a valid URL", param=name, code="url_invalid")
        return text


@dataclass(frozen=True)
class Email:
    """An e-mail address; a `clearable` one may be empty, which reads as None."""

    clearable: bool = False

    def read(self, value: Any, name: str) -> str | None:
        """Return the address, or None for an empty one."""
        text = _string(value, name, clearable=self.clearable)
        if text and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
            raise errors.invalid(f"Invalid email address: {text}", param=name, code="email_invalid")
        return text or None


@dataclass(frozen=True)
class Integer:
    """An integer of at least `minimum`."""

    minimum: int | None = None
    maximum: int = _MAX_INTEGER

    def read(self, value: Any, name: str) -> int:
        """Return the number."""
        text = _string(value, name)
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise errors.invalid(
                f"Invalid integer: {text}", param=name, code="parameter_invalid_integer"
            )
        number = int(text)
        if self.minimum is not None and number < self.minimum:
            raise errors.invalid(
                f"This value must be greater than or equal to {self.minimum}.",
                param=name,
                code="parameter_invalid_integer",
            )
        if number > self.maximum:
            raise errors.invalid(
                f"This value must be less than or equal to {self.maximum}.",
                param=name,
                code="parameter_invalid_integer",
            )
        return number


@dataclass(frozen=True)
class Boolean:
    """`true` or `false`."""

    def read(self, value: Any, name: str) -> bool:
        """Return the truth value."""
        text = _string(value, name)
        if text not in ("true", "false"):
            raise errors.invalid(f"Invalid boolean: {text}", param=name)
        return text == "true"


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, value: Any, name: str) -> str:
        """Return the word."""
        text = _string(value, name)
        if text not in self.words:
            known = ", ".join(self.words[:-1])
            known = f"{known} or {self.words[-1]}" if known else self.words[-1]
            raise errors.invalid(f"Invalid {name}: must be one of {known}", param=name)
        return text


@dataclass(frozen=True)
class Either:
    """A group of parameters, or a plain value."""

    group: Kind
    plain: Kind

    def read(self, value: Any, name: str) -> Any:
        """Return what the kind that fits makes of it."""
        kind = self.group if isinstance(value, dict) else self.plain
        return kind.read(value, name)


@dataclass(frozen=True)
class Metadata:
    """Pairs of strings; an empty value removes its key, an empty whole removes all (None)."""

    def read(self, value: Any, name: str) -> dict[str, str] | None:
        """Return the pairs, or None to remove all of them."""
        if value == "":
            return None
        if not isinstance(value, dict):
            raise errors.invalid(f"Invalid hash: {name}", param=name)
        if len(value) > _METADATA_KEYS:
            raise errors.invalid(f"Metadata can have at most {_METADATA_KEYS} keys", param=name)
        for key, text in value.items():
            _string(text, path_name(name, key), clearable=True)
            if len(key) > _METADATA_KEY_CHARACTERS or len(text) > _METADATA_VALUE_CHARACTERS:
                raise errors.invalid(
                    "Metadata keys can be up to 40 characters long, values up to 500",
                    param=path_name(name, key),
                )
        return dict(value)


@dataclass(frozen=True)
class Array:
    """Values of one kind."""

    item: Kind

    def read(self, value: Any, name: str) -> list[Any]:
        """Return the values in the order of their indices."""
        if not isinstance(value, dict) or not all(key.isascii() and key.isdigit() for key in value):
            raise errors.invalid(f"Invalid array: {name}", param=name)
        return [self.item.read(value[key], path_name(name, key)) for key in sorted(value, key=int)]


@dataclass(frozen=True)
class Group:
    """Named values; `required` must be there, and what is not named is refused."""

    members: Mapping[str, Kind]
    required: tuple[str, ...] = field(default=())

    def read(self, value: Any, name: str) -> dict[str, Any]:
        """Return the values under their names."""
        if not isinstance(value, dict):
            raise errors.invalid(f"Invalid hash: {name}", param=name)
        for key in value:
            if key not in self.members:
                unknown = path_name(name, key)
                raise errors.invalid(
                    f"Received unknown parameter: {unknown}",
                    param=unknown,
                    code="parameter_unknown",
                )
        for key in self.required:
            if key not in value:
                needed = path_name(name, key)
                raise errors.invalid(
                    f"Missing required param: {needed}.", param=needed, code="parameter_missing"
                )
        return {
            key: self.members[key].read(one, path_name(name, key)) for key, one in value.items()
        }


NOTHING: dict[str, Kind] = {}
MOMENT = Integer(minimum=0)
BOUNDS = Group({"gt": MOMENT, "gte": MOMENT, "lt": MOMENT, "lte": MOMENT})
# What every list takes.
LISTING: dict[str, Kind] = {
    "limit": Integer(minimum=1, maximum=100),
    "starting_after": Text(),
    "ending_before": Text(),
}
CREATED = Either(BOUNDS, MOMENT)
ADDRESS = Group(
    {
        name: Text(clearable=True)
        for name in ("city", "country", "line1", "line2", "postal_code", "state")
    }
)
EXPAND = Array(Text())


def with_expand(group: Group) -> Group:
    """Return `group`, which also takes `expand`, as every request does."""
    return Group({**group.members, "expand": EXPAND}, group.required)


def merged_metadata(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """Return `old` changed by a request's metadata: empty values remove, None removes all."""
    if new is None:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}
