"""The form that adds a price."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.money_fields import DollarsField
from billing.models import Price

if TYPE_CHECKING:
    PriceModelForm = forms.ModelForm[Price]
else:
    PriceModelForm = forms.ModelForm


def _products() -> list[tuple[str, str]]:
    """What is on sale: a product that is not yet comes with the code that makes it."""
    rows = Price.objects.order_by("model", "resolution", "draft").distinct()
    return [
        (f"{model}|{resolution}|{int(draft)}", f"{model} {resolution}{' draft' if draft else ''}")
        for model, resolution, draft in rows.values_list("model", "resolution", "draft")
    ]


def in_order(names: Iterable[Any], first: Iterable[str]) -> list[Any]:
    """The admin does not ask a form for its order: these first, as far as they are there."""
    wanted = list(first)
    return sorted(names, key=lambda name: wanted.index(name) if name in wanted else len(wanted))


class PriceForm(PriceModelForm):
    product = forms.ChoiceField(choices=_products)
    customer_dollars = DollarsField(label="Customer pays, USD per second")
    provider_dollars = DollarsField(label="Provider charges us, USD per second")
    below_cost = forms.BooleanField(
        label="Sell below what the provider charges",
        required=False,
        help_text="Needed only for a price at a loss: without it, such a price is refused.",
    )

    class Meta:
        model = Price
        fields = ("organization", "effective_from", "charge_on_failed")
        help_texts = {
            "organization": "Empty: the list price. An organization's own price wins over it.",
            "effective_from": "UTC. Empty: from now on. It supersedes what is in force then.",
        }

    field_order = ("product", "organization", "customer_dollars", "provider_dollars", "below_cost")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "effective_from" in self.fields:  # not on the read-only page
            self.fields["effective_from"].required = False

    def clean_effective_from(self) -> Any:
        moment, now = self.cleaned_data["effective_from"], timezone.now()
        if moment and moment < now:
            raise ValidationError("A price begins now or later: quotes given stay as they are.")
        return moment or now

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            price, data = self.instance, self.cleaned_data
            price.model, price.resolution, draft = data["product"].split("|")
            price.draft = draft == "1"
            price.customer_micros_per_second = data["customer_dollars"]
            price.provider_micros_per_second = data["provider_dollars"]
            if self._is_a_loss() and not data["below_cost"]:
                self.add_error("below_cost", "Each second would be sold at a loss. Is it meant?")
            price.organization, price.effective_from = data["organization"], data["effective_from"]
            price.validate_constraints()  # Django itself leaves out fields that are not the form's
        return cleaned

    def _is_a_loss(self) -> bool:
        data = self.cleaned_data
        return bool(data["customer_dollars"] < data["provider_dollars"])
