"""The forms' field for an amount of money."""

from typing import Any

from django import forms

from accounts import money


class DollarsField(forms.CharField):
    """Dollars as typed, micro-dollars as kept and cleaned; empty is None."""

    def prepare_value(self, value: Any) -> Any:
        return money.dollars(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return money.parse(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True
