"""What a word in the search box names: an e-mail address, an organization's name, an id of
Pixazo's or of Stripe's. Every package says what it can find; every list filters by what was found.

A finder goes through indexes only, and finds few rows: a list of millions is then filtered by
keys of these.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

ORGANIZATION, USER, GENERATION, TOP_UP = "organization", "user", "generation", "top_up"
KINDS = (GENERATION, TOP_UP, USER, ORGANIZATION)
"""The narrowest first: a list filters by the first kind that it knows."""
MOST = 200


@dataclass(slots=True)
class Found:
    """Primary keys by kind. What belongs to an organization brings it along."""

    keys: dict[str, list[object]] = field(default_factory=dict)

    def add(self, kind: str, keys: Iterable[object]) -> None:
        self.keys.setdefault(kind, []).extend(keys)

    def __bool__(self) -> bool:
        return any(self.keys.values())


Finder = Callable[[str, Found], None]
Namer = Callable[[Iterable[object]], Mapping[object, str]]
_finders: list[Finder] = []
_namers: dict[str, Namer] = {}


def finder(find: Finder) -> Finder:
    """Register what a package finds: it adds to `Found` what the term names."""
    _finders.append(find)
    return find


def find(term: str) -> Found:
    found = Found()
    for each in _finders:
        each(term, found)
    return found


def namer(kind: str) -> Callable[[Namer], Namer]:
    """Register how rows of a kind are called, by primary key."""

    def register(name: Namer) -> Namer:
        _namers[kind] = name
        return name

    return register


def names(kind: str, keys: Iterable[object]) -> Mapping[object, str]:
    """What is not there, or has nobody to name it, is left out."""
    return _namers[kind](keys) if kind in _namers else {}
