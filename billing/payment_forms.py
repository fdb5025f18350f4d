"""The admin's forms for what staff set: amounts are typed in dollars and kept in micros."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.money_fields import DollarsField
from billing import money
from billing.models import BonusRule, PromotionCode, TopUpTerms

if TYPE_CHECKING:
    TermsModelForm = forms.ModelForm[TopUpTerms]
    BonusModelForm = forms.ModelForm[BonusRule]
    CodeModelForm = forms.ModelForm[PromotionCode]
else:
    TermsModelForm = BonusModelForm = CodeModelForm = forms.ModelForm


def _shown(micros: int | None) -> str:
    return "" if micros is None else money.display(micros).removeprefix("$").replace(",", "")


class TermsForm(TermsModelForm):
    """Packs and limits of top-ups."""

    packs = forms.CharField(help_text="In USD, separated by commas, such as 10, 20, 50, 100, 500.")
    least = DollarsField(label="Least custom amount, USD")
    most = DollarsField(label="Most custom amount, USD")

    class Meta:
        model = TopUpTerms
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(
            {
                "packs": ", ".join(_shown(pack) for pack in self.instance.packs_micros or []),
                "least": _shown(self.instance.least_micros),
                "most": _shown(self.instance.most_micros),
            }
        )

    def clean_packs(self) -> list[int]:
        try:
            packs = [money.parse(word) for word in self.cleaned_data["packs"].split(",")]
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if len(packs) > 12:
            raise ValidationError("At most twelve packs.")
        return sorted(set(packs))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            self.instance.packs_micros = self.cleaned_data["packs"]
            self.instance.least_micros = self.cleaned_data["least"]
            self.instance.most_micros = self.cleaned_data["most"]
            self.instance.clean()
            self.instance.validate_constraints()
        return cleaned


class BonusForm(BonusModelForm):
    """A first-payment bonus: amount, minimum payment and period."""

    amount = DollarsField(
        label="Bonus, USD", help_text="Credited with an organization's first payment, once ever."
    )
    least_payment = DollarsField(
        label="Least payment, USD", help_text="0: every first payment earns it."
    )

    class Meta:
        model = BonusRule
        fields = ("starts_at", "ends_at")
        help_texts = {
            "starts_at": "UTC. Of several rules in force, the one that started last counts.",
            "ends_at": "UTC. Empty: until another rule starts.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.update(
                {
                    "amount": _shown(self.instance.amount_micros),
                    "least_payment": _shown(self.instance.least_payment_micros),
                }
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            self.instance.amount_micros = self.cleaned_data["amount"]
            self.instance.least_payment_micros = self.cleaned_data["least_payment"]
            self.instance.starts_at = self.cleaned_data["starts_at"]
            self.instance.ends_at = self.cleaned_data["ends_at"]
            self.instance.validate_constraints()
        return cleaned


class CodeForm(CodeModelForm):
    """A promotion code. Its amount is fixed once it exists."""

    amount = DollarsField(
        label="Credits, USD", help_text="What each redemption is worth. Fixed once it was redeemed."
    )

    class Meta:
        model = PromotionCode
        fields = ("code", "expires_at", "total_limit", "organization_limit", "active")
        labels = {
            "total_limit": "Redemptions in all, at most",
            "organization_limit": "Redemptions by one organization, at most",
        }
        help_texts = {
            "code": "Letters, digits and hyphens; capitals or not is the same.",
            "expires_at": "UTC. Empty: it never expires.",
            "total_limit": "Empty: no limit. With the credits, this is the most that it costs us.",
            "active": "Untick to stop it at once. What was redeemed stays with the customers.",
        }

    field_order = ("code", "amount", "total_limit", "organization_limit", "expires_at", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.redeemed:
            self.fields["amount"].disabled = self.fields["code"].disabled = True
        if self.instance.amount_micros:
            self.initial["amount"] = _shown(self.instance.amount_micros)

    def clean_code(self) -> str:
        word = str(self.cleaned_data["code"]).strip().upper()
        if not word.isascii() or not word.replace("-", "").isalnum():
            raise ValidationError("Use letters, digits and hyphens.")
        return word

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            for name in ("expires_at", "total_limit", "organization_limit", "active"):
                setattr(self.instance, name, self.cleaned_data[name])
            self.instance.amount_micros = self.cleaned_data["amount"]
            self.instance.validate_constraints()
        return cleaned
