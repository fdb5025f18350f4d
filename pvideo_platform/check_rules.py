"""What a system check of ours is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong. `hint` names the variable to change."""

    id: str
    wrong: Callable[[], bool]
    message: str
    hint: str
    production_only: bool = True
