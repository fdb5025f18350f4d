"""Stripe's form encoding: `line_items[0][price_data][currency]=usd`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe import errors

Pairs = list[tuple[str, str]]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def pairs_of(encoded: str | bytes) -> Pairs:
    """Return the name and value pairs of a query or a form body, in order."""
    text = encoded.decode("utf-8", "replace") if isinstance(encoded, bytes) else encoded
    return parse_qsl(text, keep_blank_values=True, max_num_fields=2000)


def nested(pairs: Pairs) -> dict[str, Any]:
    """Return the pairs as nested dicts of strings; arrays are dicts with the keys "0", "1"...

    Raises StripeError where a name is malformed, or is both a value and a group.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise errors.invalid(f"Invalid parameter name: {name}", param=name)
        keys = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        _place(tree, keys, value, name=name)
    return tree


def _place(tree: dict[str, Any], keys: list[str], value: str, *, name: str) -> None:
    *groups, last = keys
    for key in groups:
        tree = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise errors.invalid(f"Invalid hash: {name}", param=name)
    last = last or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise errors.invalid(f"Invalid string: {name}", param=name)
    tree[last] = value


def path_name(outer: str, key: str) -> str:
    """Return the bracketed name of `key` inside `outer` ("" at the top)."""
    return f"{outer}[{key}]" if outer else key
