"""The web's forms for webhooks."""

import functools
import re
import zoneinfo
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.errors import InvalidParameters
from webhooks import endpoints
from webhooks.catalogue import ALL, CATALOGUE, SUBSCRIBABLE, EventType
from webhooks.models import MAX_URL_LENGTH, DeliveryState, Endpoint

_HOUR, _DAY = 3600, 24 * 3600
_CODE = re.compile(r"`([^`]+)`")


def _explained(type: str, description: str) -> SafeString:
    marked = _CODE.sub(r"<code>\1</code>", conditional_escape(description))
    return format_html(
        '<span class="event-choice"><code>{}</code> <span class="field__help">{}</span></span>',
        type,
        mark_safe(marked),  # noqa: S308  # escaped above
    )


def event_choices() -> list[tuple[str, SafeString]]:
    """The types that an endpoint can ask for, each with what it tells."""
    explanations = {entry.type: entry.description for entry in CATALOGUE}
    return [(type, _explained(type, explanations[type])) for type in SUBSCRIBABLE]


class EndpointForm(forms.Form):
    """Where to send, and what."""

    use_required_attribute = False
    EVERYTHING, SOME = "all", "some"

    url = forms.CharField(
        label="URL",
        max_length=MAX_URL_LENGTH,
        help_text="Public, over HTTPS. A redirect counts as a failure.",
        widget=forms.URLInput(
            attrs={
                "class": "input",
                "placeholder": "https://example.com/webhooks/pvideo",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    description = forms.CharField(
        required=False,
        max_length=200,
        help_text="A note of your own.",
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    wanted = forms.ChoiceField(
        label="Events",
        choices=[
            (EVERYTHING, "Everything, also what comes later"),
            (SOME, "Only these"),
        ],
        initial=EVERYTHING,
        widget=forms.RadioSelect,
    )
    event_types = forms.MultipleChoiceField(
        label="Event types",
        required=False,
        choices=event_choices,
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def values_of(cls, endpoint: Endpoint) -> dict[str, Any]:
        """What the form shows of an endpoint at first."""
        is_all = ALL in endpoint.event_types
        return {
            "url": endpoint.url,
            "description": endpoint.description,
            "wanted": cls.EVERYTHING if is_all else cls.SOME,
            "event_types": [] if is_all else endpoint.event_types,
        }

    def clean(self) -> None:
        chosen = self.cleaned_data.get("event_types")
        if self.cleaned_data.get("wanted") == self.SOME and not chosen:
            self.errors.pop("event_types", None)
            self.add_error("event_types", "Choose one at least.")

    @property
    def values(self) -> dict[str, Any]:
        """What `endpoints.create` and `endpoints.update` take. Only of a valid form."""
        data = self.cleaned_data
        return {
            "url": data["url"],
            "description": data["description"],
            "event_types": [ALL] if data["wanted"] == self.EVERYTHING else data["event_types"],
        }

    def add_refusal(self, error: InvalidParameters) -> None:
        """Say beside their fields what the domain did not take."""
        for one in error.errors:
            self.add_error(one.field if one.field in self.fields else None, one.message)


class RotationForm(forms.Form):
    """How long messages are signed with both secrets."""

    overlap_seconds = forms.TypedChoiceField(
        label="Messages are signed with the old secret too for",
        coerce=int,
        choices=[
            (0, "no time: the old one ends at once"),
            (_HOUR, "an hour"),
            (_DAY, "a day"),
            (endpoints.MAX_OVERLAP_SECONDS, "a week"),
        ],
        initial=endpoints.OVERLAP_SECONDS,
        widget=forms.Select(attrs={"class": "input"}),
    )


class ReplayForm(forms.Form):
    """Since when an endpoint gets what it has missed."""

    use_required_attribute = False
    CUSTOM = "custom"
    _SPANS: Mapping[str, timedelta] = {
        "1h": timedelta(hours=1),
        "24h": timedelta(hours=24),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
    }

    span = forms.ChoiceField(
        label="Events since",
        choices=[
            ("1h", "an hour ago"),
            ("24h", "24 hours ago"),
            ("7d", "7 days ago"),
            ("30d", "30 days ago: all that are kept"),
            (CUSTOM, "another time"),
        ],
        initial="24h",
        widget=forms.RadioSelect,
    )
    since = forms.DateTimeField(
        label="From",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"invalid": "Enter a date and a time."},
        widget=forms.DateTimeInput(
            attrs={"class": "input", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> None:
        if self.cleaned_data.get("span") != self.CUSTOM:
            self.errors.pop("since", None)
        elif not self.cleaned_data.get("since") and "since" not in self.errors:
            self.add_error("since", "Enter a date and a time.")

    @property
    def moment(self) -> datetime:
        """Since when. Only of a valid form."""
        span = self.cleaned_data["span"]
        if span != self.CUSTOM:
            return timezone.now() - self._SPANS[span]
        zone = self.cleaned_data["zone"]
        given: datetime = self.cleaned_data["since"]
        local = zoneinfo.ZoneInfo(zone if zone in _zones() else "UTC")
        return given.replace(tzinfo=local)


class DeliveryFilterForm(forms.Form):
    """Which deliveries are listed."""

    use_required_attribute = False

    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[("", "Any state"), *((one, one.label) for one in DeliveryState)],
        widget=forms.Select(attrs={"class": "input"}),
    )
    event = forms.ChoiceField(
        required=False,
        label="Event",
        choices=[("", "Any event"), *((one.value, one.value) for one in EventType)],
        widget=forms.Select(attrs={"class": "input"}),
    )

    @property
    def query(self) -> dict[str, str]:
        """What is set, for addresses. A value that there is not counts as none."""
        self.is_valid()
        return {
            name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)
        }


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
