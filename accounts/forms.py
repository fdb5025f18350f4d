"""The web's forms for API keys."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import addresses, money
from accounts.access import Caller
from accounts.models import ApiKey, Scope

LONGEST_KEY_DAYS = 3650
LAST_YEAR = 2200
_HOUR, _DAY = 3600, 24 * 3600
_GROUPS = {
    "generations": "Generations",
    "uploads": "Uploads",
    "wallet": "Money",
    "usage": "Money",
    "billing": "Money",
    "webhooks": "Webhooks",
    "keys": "API keys",
}
_USUAL = (
    Scope.GENERATIONS_READ,
    Scope.GENERATIONS_WRITE,
    Scope.UPLOADS_WRITE,
    Scope.WALLET_READ,
    Scope.USAGE_READ,
)
"""What most programs need; nothing that buys, or reaches beyond its own work."""


def scope_choices(scopes: frozenset[str]) -> list[tuple[str, list[tuple[str, SafeString]]]]:
    """Those of the scopes, as people read them, in groups."""
    mine = [scope for scope in Scope if scope in scopes]
    grouped = groupby(mine, key=lambda scope: _GROUPS[scope.value.partition(":")[0]])
    return [(name, [(one.value, _explained(one)) for one in some]) for name, some in grouped]


def _explained(scope: Scope) -> SafeString:
    return format_html("<span>{}</span> <code>{}</code>", scope.label, scope.value)


class KeyForm(forms.Form):
    """What a key is called, what it may do, and within which limits.

    Args:
        caller: who hands it out: nobody gives a scope that they lack.
    """

    use_required_attribute = False

    name = forms.CharField(
        max_length=100,
        help_text="What will use it, so that you know it again.",
        widget=forms.TextInput(attrs={"placeholder": "Production server", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        initial=[scope.value for scope in _USUAL],
        widget=forms.CheckboxSelectMultiple,
    )
    monthly_budget = forms.CharField(
        label="Monthly budget",
        required=False,
        max_length=20,
        help_text="US dollars a calendar month (UTC). Empty: no limit but the balance.",
        widget=forms.TextInput(attrs={"placeholder": "No limit", "inputmode": "decimal"}),
    )
    allowed_networks = forms.CharField(
        label="Only from",
        required=False,
        max_length=4000,
        help_text="Networks, such as 203.0.113.0/24, one a line. Empty: from anywhere.",
        widget=forms.Textarea(
            attrs={"class": "input input--lines", "rows": 2, "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Any = None, *, caller: Caller, **options: Any) -> None:
        super().__init__(data, **options)
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = scope_choices(
            caller.scopes
        )

    def clean_monthly_budget(self) -> int | None:
        text = self.cleaned_data["monthly_budget"].strip().removeprefix("$")
        if not text:
            return None
        try:
            micros = money.parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if micros < 0:
            raise forms.ValidationError("A budget is zero or more.")
        return micros

    def clean_allowed_networks(self) -> list[str]:
        given = self.cleaned_data["allowed_networks"].replace(",", " ").split()
        try:
            return addresses.networks(given)
        except addresses.InvalidNetworks as error:
            raise forms.ValidationError(error.message) from None

    @property
    def expires_at(self) -> datetime | None:
        raise NotImplementedError

    @property
    def values(self) -> dict[str, Any]:
        """What `api_keys.create` and `api_keys.update` take. Only of a valid form."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "scopes": data["scopes"],
            "expires_at": self.expires_at,
            "monthly_budget_micros": data["monthly_budget"],
            "allowed_networks": data["allowed_networks"],
        }


class NewKeyForm(KeyForm):
    expires_in_days = forms.IntegerField(
        label="Ends after",
        required=False,
        min_value=1,
        max_value=LONGEST_KEY_DAYS,
        help_text="Days. Empty: it works until it is revoked.",
        widget=forms.NumberInput(attrs={"placeholder": "Never", "inputmode": "numeric"}),
    )

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires_in_days"]
        return timezone.now() + timedelta(days=days) if days else None


class EditKeyForm(KeyForm):
    """The same of a key that there is; its end is a day, at whose end (UTC) it ends.

    Scopes that it has and its changer lacks (`beyond`) stay: they are not shown to be chosen, and
    to drop them unseen would be worse than the refusal that follows.
    """

    last_day = forms.DateField(
        label="Last day",
        required=False,
        input_formats=["%Y-%m-%d"],
        help_text="In UTC. Empty: it works until it is revoked.",
        error_messages={"invalid": "Enter a date such as 2026-11-30."},
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None, *, caller: Caller, key: ApiKey) -> None:
        self.key = key
        self.beyond = sorted(set(key.scopes) - caller.scopes)
        budget = key.monthly_budget_micros
        initial = {
            "name": key.name,
            "scopes": key.scopes,
            "monthly_budget": ""
            if budget is None
            else money.display(budget).lstrip("$").replace(",", ""),
            "allowed_networks": "\n".join(key.allowed_networks),
            "last_day": self._last_day,
        }
        super().__init__(data, caller=caller, initial=initial)

    @property
    def _last_day(self) -> date | None:
        end = self.key.expires_at
        return (end - timedelta(microseconds=1)).astimezone(UTC).date() if end else None

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        return {**values, "scopes": [*values["scopes"], *self.beyond]}

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day and day < timezone.now().astimezone(UTC).date():
            raise forms.ValidationError("This is past. To end a key now, revoke it.")
        if day and day.year > LAST_YEAR:
            raise forms.ValidationError(f"At the latest in {LAST_YEAR}.")
        return day

    @property
    def expires_at(self) -> datetime | None:
        """The very moment that it was, while the day is the same."""
        day = self.cleaned_data["last_day"]
        if day == self._last_day:
            return self.key.expires_at
        return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


class RotationForm(forms.Form):
    """How long the present secret goes on working beside the new one."""

    overlap_seconds = forms.TypedChoiceField(
        label="The present key works on for",
        coerce=int,
        choices=[
            (0, "no time: it ends at once"),
            (_HOUR, "an hour"),
            (_DAY, "a day"),
            (7 * _DAY, "a week"),
            (30 * _DAY, "30 days"),
        ],
        initial=_DAY,
        widget=forms.Select(attrs={"class": "input"}),
    )
