"""The web's forms for API keys."""

from itertools import groupby

from django import forms

from accounts import addresses, money
from accounts.models import Scope

LONGEST_KEY_DAYS = 3650
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


def scope_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The scopes as people read them, in groups."""
    grouped = groupby(Scope, key=lambda scope: _GROUPS[scope.value.partition(":")[0]])
    return [(name, [(one.value, str(one.label)) for one in scopes]) for name, scopes in grouped]


class ApiKeyForm(forms.Form):
    """What a new key is called, what it may do, and within which limits."""

    name = forms.CharField(
        max_length=100,
        help_text="What will use it, so that you know it again.",
        widget=forms.TextInput(attrs={"placeholder": "Production server", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=scope_choices,
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
    expires_in_days = forms.IntegerField(
        label="Ends after",
        required=False,
        min_value=1,
        max_value=LONGEST_KEY_DAYS,
        help_text="Days. Empty: it works until it is revoked.",
        widget=forms.NumberInput(attrs={"placeholder": "Never", "inputmode": "numeric"}),
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
