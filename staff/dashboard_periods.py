"""Which days the figures are of: whole days of UTC, today included."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.utils import timezone

CHOICES = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
DEFAULT = "7d"
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included.

    Attributes:
        name: one of CHOICES, or "custom".
        trouble: why what was asked for could not be had; "" when it could.
    """

    name: str
    since: date
    until: date
    trouble: str = ""

    @property
    def days(self) -> list[date]:
        count = (self.until - self.since).days + 1
        return [self.since + timedelta(days=number) for number in range(count)]


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def chosen(asked: Mapping[str, str]) -> Period:
    """The period that a query string asks for: `period`, or `since` and `until` for a custom one.

    What cannot be read is answered by the default period, and told of.
    """
    now = today()
    name = asked.get("period", "") or ("custom" if asked.get("since") else DEFAULT)
    if name in CHOICES:
        return Period(name, now - timedelta(days=CHOICES[name] - 1), now)
    since, until = day(asked.get("since", "")), day(asked.get("until", "")) or now
    trouble = ""
    if name != "custom" or since is None:
        trouble = "Choose a first day, such as 2026-11-01."
    elif since > until:
        trouble = "The first day is after the last one."
    elif until > now:
        trouble = "The last day is in the future."
    elif (until - since).days >= MOST_DAYS:
        trouble = f"Choose at most {MOST_DAYS} days."
    if trouble or since is None:
        return Period(DEFAULT, now - timedelta(days=CHOICES[DEFAULT] - 1), now, trouble)
    return Period("custom", since, until)


def day(text: str) -> date | None:
    """A day as `2026-11-01`, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
