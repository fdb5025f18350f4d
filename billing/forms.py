"""The forms of the Billing pages. Amounts are typed in dollars, and are micros once cleaned."""

import functools
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from accounts import money_fields
from accounts.errors import DomainError
from billing import money, statement
from billing.topups import InvalidTopUp

LONGEST_CODE = 40
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
GROUP_LABELS = {
    "purchases": "Payments and refunds",
    "spending": "Videos",
    "holds": "Holds",
    "credits": "Bonuses and adjustments",
    "debt": "Debt",
}


def typed(micros: int) -> str:
    """An amount as a person would type it: "1000.00"."""
    return money.display(micros).removeprefix("$").replace(",", "")


class DollarsField(money_fields.DollarsField):
    """As customers type it: "12.50" or "$12.50"."""

    def __init__(self, **options: Any) -> None:
        attributes = {"class": "input", "inputmode": "decimal", "autocomplete": "off"}
        widget = forms.TextInput(attrs=attributes)
        super().__init__(max_length=30, widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").removeprefix("$")


class PlainForm(forms.Form):
    """A form whose fields are marked by us, and whose first mistake takes the focus."""

    use_required_attribute = False

    def add_refusal(self, error: DomainError) -> None:
        """Show what the domain said, beside its field when it names one."""
        named = error.field if isinstance(error, InvalidTopUp) else ""
        self.add_error(named if named in self.fields else None, error.message)

    def point_out(self) -> None:
        """Give the focus to the first field in error."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["autofocus"] = True
                return


class BuyForm(PlainForm):
    """Another amount than the packs', and what goes for both."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    saves_card = forms.BooleanField(required=False, label="Keep my card for auto top-ups")
    amount = forms.CharField(
        required=False,
        max_length=30,
        label="Another amount",
        widget=forms.TextInput(
            attrs={"class": "input", "inputmode": "decimal", "autocomplete": "off"}
        ),
    )


class CodeForm(PlainForm):
    code = forms.CharField(
        label="Promotion code",
        max_length=LONGEST_CODE,
        error_messages={"required": "Enter the code."},
        widget=forms.TextInput(
            attrs={
                "class": "input code-input",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )


class AutoTopUpForm(PlainForm):
    """What to charge, when, and the very words that were agreed to."""

    threshold = DollarsField(label="When available credits fall below")
    amount = DollarsField(label="Charge the card")
    monthly_cap = DollarsField(label="At most in a calendar month")
    agreed_to = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)
    agreed = forms.BooleanField(
        error_messages={"required": "Tick this if you agree, or leave auto top-up off."}
    )

    @property
    def amounts(self) -> dict[str, int]:
        """The amounts that are none the less valid, as `auto_topup.switch_on` takes them."""
        cleaned: Mapping[str, Any] = getattr(self, "cleaned_data", {})
        return {
            f"{name}_micros": cleaned[name]
            for name in ("threshold", "amount", "monthly_cap")
            if cleaned.get(name) is not None
        }

    @property
    def first_amounts(self) -> dict[str, int]:
        """The same of a form that was not sent: what it shows at first."""
        return {f"{name}_micros": money.parse(text) for name, text in self.initial.items()}


class AlertForm(PlainForm):
    threshold = DollarsField(required=False, label="When less is available than")


class DaysForm(forms.Form):
    """A filter from one day to another, both included, in the reader's zone."""

    use_required_attribute = False
    _NAMES = {"since": "from", "until": "to"}
    _DAYS = (MinValueValidator(EARLIEST), MaxValueValidator(LATEST))

    since = forms.DateField(required=False, label="From", input_formats=["%Y-%m-%d"])
    until = forms.DateField(required=False, label="To", input_formats=["%Y-%m-%d"])
    zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in self._NAMES:
            field = self.fields[name]
            field.widget = forms.DateInput({"class": "input", "type": "date"}, "%Y-%m-%d")
            field.validators = [*field.validators, *self._DAYS]
            field.error_messages["invalid"] = "Enter a date such as 2026-11-30."

    def add_prefix(self, field_name: str) -> str:
        """The names in the page's address: `from` is no name in Python."""
        return self._NAMES.get(field_name, field_name)

    def clean_zone(self) -> str:
        """The zone's name; one that is not known is UTC."""
        zone: str = self.cleaned_data["zone"]
        return zone if zone in _zones() else ""

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")

    def show_as_typed(self) -> None:
        """A browser's date field would hide what is no date."""
        for name in self._NAMES.keys() & self.errors.keys():
            cast(forms.DateInput, self.fields[name].widget).input_type = "text"

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """From when on, and before when. Only of a valid form."""
        name = self.cleaned_data["zone"]
        zone = zoneinfo.ZoneInfo(name) if name else UTC
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return (
            _midnight(since, zone) if since else None,
            _midnight(until + timedelta(days=1), zone) if until else None,
        )

    @property
    def query(self) -> dict[str, str]:
        """What is set, for the addresses of other pages and of the file."""
        names = {name: self.add_prefix(name) for name in self.fields}
        found = {names[name]: str(self.cleaned_data[name] or "") for name in names}
        if not found["from"] and not found["to"]:
            found.pop("zone")
        return {name: value for name, value in found.items() if value}


class StatementForm(DaysForm):
    """Which entries."""

    group = forms.ChoiceField(
        required=False,
        label="Show",
        choices=[("", "Everything"), *((name, GROUP_LABELS[name]) for name in statement.GROUPS)],
        widget=forms.Select(attrs={"class": "input"}),
    )
    field_order = ["group"]

    @property
    def wanted(self) -> statement.Filter:
        """What was asked for. Only of a valid form."""
        since, until = self.moments
        kinds = statement.GROUPS.get(self.cleaned_data["group"], ())
        return statement.Filter(kinds=kinds, since=since, until=until)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
