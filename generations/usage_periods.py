"""The spans of days that the usage page offers, and the one that each is compared with."""

import zoneinfo
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from generations import usage

PERIODS = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "This month",
    "last-month": "Last month",
    "custom": "Custom",
}
BY = {
    "day": "Day",
    "model": "Model",
    "resolution": "Resolution",
    "api_key": "API key",
    "member": "Member",
}
MEASURES = {"spend": "Spend", "seconds": "Seconds", "videos": "Videos"}
_LAST_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_EARLIEST, _LATEST = date(2000, 1, 1), date(2200, 12, 31)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


def span_of(period: str, today: date) -> Span:
    """One of PERIODS other than "custom", as it is on a day."""
    first = today.replace(day=1)
    match period:
        case "month":
            return Span(first, today)
        case "last-month":
            last = first - _ONE_DAY
            return Span(last.replace(day=1), last)
    return Span(today - timedelta(days=_LAST_DAYS[period] - 1), today)


def before(period: str, span: Span) -> Span:
    """What a span is compared with: as many days just before it; for months, the month before,
    as far as this one has got."""
    last = span.since - _ONE_DAY
    if period == "last-month":
        return Span(last.replace(day=1), last)
    if period == "month":
        first = last.replace(day=1)
        return Span(first, min(last, first + timedelta(days=span.days - 1)))
    return Span(last - timedelta(days=span.days - 1), last)


class UsageForm(forms.Form):
    """What the page's address asks for. All but a custom period's days falls back to what is usual:
    an address with a mistake still shows something."""

    use_required_attribute = False
    _NAMES = {"since": "from", "until": "to"}

    period = forms.CharField(required=False, widget=forms.HiddenInput)
    by = forms.CharField(required=False, widget=forms.HiddenInput)
    show = forms.CharField(required=False, widget=forms.HiddenInput)
    zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    since = forms.DateField(required=False, label="From", input_formats=["%Y-%m-%d"])
    until = forms.DateField(required=False, label="To", input_formats=["%Y-%m-%d"])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in self._NAMES:
            field = self.fields[name]
            field.widget = forms.DateInput({"class": "input", "type": "date"}, "%Y-%m-%d")
            field.validators += [MinValueValidator(_EARLIEST), MaxValueValidator(_LATEST)]
            field.error_messages["invalid"] = "Enter a date such as 2026-11-30."

    def add_prefix(self, field_name: str) -> str:
        """The names in the page's address: `from` is no name in Python."""
        return self._NAMES.get(field_name, field_name)

    def clean_period(self) -> str:
        return _known(self.cleaned_data["period"], PERIODS, "30d")

    def clean_by(self) -> str:
        return _known(self.cleaned_data["by"], BY, "day")

    def clean_show(self) -> str:
        return _known(self.cleaned_data["show"], MEASURES, "spend")

    def clean_zone(self) -> str:
        return _known(self.cleaned_data["zone"], _zones(), "UTC")

    def clean(self) -> None:
        if self.cleaned_data["period"] != "custom":
            for name in self._NAMES:
                self.errors.pop(name, None)
            return
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        for name in self._NAMES:
            if name not in self.errors and self.cleaned_data.get(name) is None:
                self.add_error(name, "Enter a day.")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")
        elif since and until and Span(since, until).days > usage.MAX_DAYS:
            self.add_error("until", f"At most {usage.MAX_DAYS} days can be shown at once.")

    @property
    def span(self) -> Span:
        """The days asked for. Only of a valid form."""
        data = self.cleaned_data
        if data["period"] == "custom":
            return Span(data["since"], data["until"])
        return span_of(data["period"], timezone.localdate(timezone=self.zone_info))

    @property
    def zone_info(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.cleaned_data["zone"])

    @property
    def query(self) -> dict[str, str]:
        """What is asked for, complete, for the addresses of the page's links."""
        data = self.cleaned_data
        found = {name: data[name] for name in ("period", "by", "show", "zone")}
        if data["period"] == "custom":
            found |= {"from": f"{data['since']}", "to": f"{data['until']}"}
        return found


def _known(text: str, names: Any, usual: str) -> str:
    return text if text in names else usual


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"localtime"})
