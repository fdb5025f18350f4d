"""Faults on request: rules that hit the next matching API requests or events."""

from __future__ import annotations

import dataclasses
import fnmatch
from dataclasses import dataclass
from typing import Any

from sandbox.settings import MAX_SECONDS
from sandbox.stripe.store import Store

REQUEST_FAULTS = {
    "500": "answers 500; nothing was executed, and the key keeps the 500",
    "500-after-commit": "executes, then answers 500; the key keeps the 500",
    "slow": "executes at once, answers after `seconds`; the key is in use until then",
    "close": "closes the connection; nothing was executed, the key keeps nothing",
    "close-after-commit": "executes, closes the connection; the key keeps the true answer",
    "429": "answers 429; nothing was executed, the key keeps nothing",
}
EVENT_FAULTS = {
    "duplicate": "delivers `copies` times",
    "delay": "delivers after `seconds`",
    "lost": "never delivers; the event can still be retrieved",
    "hold": "delivers at POST /_sandbox/stripe/events/release",
}
_MEMBERS = {"match", "times", "fault", "seconds", "copies"}
_MAX_COPIES = 100


@dataclass
class Rule:
    """One fault; `times` is how often it strikes, `hits` how often it has.

    `match` is `METHOD /path` or `event TYPE`, in which `*` stands for any text.
    """

    match: str
    fault: str
    times: int = 1
    seconds: float = 1.0
    copies: int = 2
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the rule and its count."""
        return dataclasses.asdict(self)


def read(wanted: object) -> list[Rule]:
    """Return the rules of a decoded JSON list, or raise ValueError with a readable text."""
    if not isinstance(wanted, list):
        raise ValueError("expected a list of rules")
    return [_rule(one) for one in wanted]


def struck(store: Store, subject: str) -> Rule | None:
    """Return the first rule that strikes `subject`, and count the hit."""
    for rule in store.fault_rules:
        if rule.hits < rule.times and fnmatch.fnmatchcase(subject, rule.match):
            rule.hits += 1
            return rule
    return None


def _rule(wanted: object) -> Rule:
    if not isinstance(wanted, dict) or set(wanted) - _MEMBERS or {"match", "fault"} - set(wanted):
        raise ValueError(
            f"a rule is an object with match and fault; known: {', '.join(sorted(_MEMBERS))}"
        )
    match, fault = wanted["match"], wanted["fault"]
    if not isinstance(match, str):
        raise ValueError("match must be a string")
    known = EVENT_FAULTS if match.startswith("event ") else REQUEST_FAULTS
    if fault not in known:
        raise ValueError(f"fault must be one of: {', '.join(known)}")
    times, copies = wanted.get("times", 1), wanted.get("copies", 2)
    for name, number in (("times", times), ("copies", copies)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} must be an integer of at least 1")
    if copies > _MAX_COPIES:
        raise ValueError(f"copies must be at most {_MAX_COPIES}")
    seconds = wanted.get("seconds", 1.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("seconds must be a number")
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError(f"seconds must be between 0 and {MAX_SECONDS:.0f}")
    return Rule(match=match, fault=fault, times=times, seconds=float(seconds), copies=copies)
