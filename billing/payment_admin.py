"""Staff's view of payments: what is on sale, what was bought, and what went back."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.decorators import display

from backoffice import finding
from backoffice.big_admin import LookupAdmin, NeverDeleted, ReadOnly, identified
from backoffice.sections_admin import SectionedAdmin
from billing import money
from billing import payment_page_admin as payment_page_admin  # registers sections of pages
from billing import stripe_admin as stripe_admin  # registers its own pages
from billing.ledger_admin import amount
from billing.models import (
    BonusRule,
    Freeze,
    PromotionCode,
    Redemption,
    Refund,
    TopUp,
    TopUpTerms,
)
from billing.payment_forms import BonusForm, CodeForm, TermsForm
from billing.price_form import in_order
from billing.refund_views import refund_view
from billing.unfreeze_views import unfreeze_view

_COLORS = {
    **dict.fromkeys(("paid", "succeeded"), "success"),
    **dict.fromkeys(("failed", "refused"), "danger"),
    **dict.fromkeys(("created", "open", "expired", "canceled"), ""),
    **dict.fromkeys(("processing", "requested", "pending"), "info"),
    "requires_action": "warning",
}
OF_TOP_UP = {finding.TOP_UP: "top_up", finding.ORGANIZATION: "top_up__organization"}


@admin.display(description="bonus")
def bonus(row: Any) -> str:
    return money.display(row.bonus_micros)


@admin.display(description="bonus taken back")
def bonus_taken(top_up: TopUp) -> str:
    return money.display(top_up.bonus_taken_micros)


@admin.register(TopUp)
class TopUpAdmin(ReadOnly, SectionedAdmin):
    list_display: Any = ("payment", "created_at", "organization", "kind", "standing")
    list_display += (amount, bonus, "invoice_number", "attention")
    list_filter = ("state", "kind", "livemode", "created_at")
    dated = "created_at"
    list_select_related = ("organization",)
    ordering = ("-id",)
    fields: ClassVar[Any] = (
        *("id", "organization", "created_by", "kind", "state", amount, bonus, bonus_taken),
        *("livemode", "stripe_customer_id", "failure", "attention"),
        *("checks", "next_check_at", "as_of", "created_at", "paid_at"),
    )
    search_ids = ("id", "organization")
    found_by: ClassVar[Any] = {
        **{finding.TOP_UP: "pk", finding.ORGANIZATION: "organization"},
    }
    search_texts = ("invoice_number",)
    change_form_template = "admin/billing/topup/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        refund = self.admin_site.admin_view(self.refund)
        return [
            path("<uuid:top_up_id>/refund/", refund, name="billing_topup_refund"),
            *super().get_urls(),
        ]

    @admin.display(description="id, and Stripe's")
    def payment(self, row: TopUp) -> str:
        return identified(row.pk, row.payment_intent_id)

    @display(description="state", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, row: TopUp) -> str:
        return row.state

    def named(self, row: TopUp) -> str:
        return f"Top-up of {money.display(row.amount_micros)} · {row.organization} · {row.state}"

    def refund(self, request: HttpRequest, top_up_id: Any) -> HttpResponse:
        """Refund a payment: see `billing.refund_views`."""
        return refund_view(self, request, top_up_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may = request.user.has_perm("billing.add_refund")
        context = {**(extra_context or {}), "may_refund": may}
        return super().change_view(request, object_id, form_url, context)


@admin.register(Refund)
class RefundAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("refund", "created_at", "organization", "standing", amount, bonus)
    list_display += ("made_by", "reason", "failure")
    fields: ClassVar[Any] = (
        *("stripe_id", "top_up", "state", "stripe_status", amount, bonus, "taken", "movements"),
        *("reason", "made_by", "failure", "attempts", "next_check_at", "as_of", "created_at"),
    )
    list_filter = ("state", "created_at")
    list_select_related = ("top_up__organization", "made_by")
    ordering = ("-id",)
    search_ids = ("id", "top_up")
    found_by = OF_TOP_UP

    @admin.display(description="refund")
    def refund(self, row: Refund) -> str:
        return identified(row.stripe_id or row.pk)

    @display(description="state", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, row: Refund) -> str:
        return row.state

    @admin.display
    def organization(self, refund: Refund) -> str:
        return refund.top_up.organization.name

    def named(self, row: Refund) -> str:
        amount = money.display(row.amount_micros)
        return f"Refund of {amount} · {row.top_up.organization} · {row.state}"


@admin.register(Freeze)
class FreezeAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("id", "organization", "cause", "reason", "placed_at", "lifted_at")
    list_display += ("lifted_by", "lifted_because")
    list_filter = ("cause", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "lifted_by")
    ordering = ("-id",)
    search_ids = ("organization",)
    search_texts = ("reference",)
    change_form_template = "admin/billing/freeze/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        lift = self.admin_site.admin_view(self.lift)
        return [
            path("<int:freeze_id>/lift/", lift, name="billing_freeze_lift"),
            *super().get_urls(),
        ]

    def named(self, row: Freeze) -> str:
        return f"Freeze of {row.organization} · {row.get_cause_display()}"

    def lift(self, request: HttpRequest, freeze_id: int) -> HttpResponse:
        """Let an organization spend again: see `billing.unfreeze_views`."""
        return unfreeze_view(self, request, freeze_id)


class MadeByStaff(NeverDeleted):
    """Notes who made a row."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)  # type: ignore[misc]


@admin.register(TopUpTerms)
class TopUpTermsAdmin(NeverDeleted, LookupAdmin):
    form = TermsForm
    list_display: Any = ("__str__", "packs", "least", "most")

    @admin.display
    def packs(self, terms: TopUpTerms) -> str:
        return ", ".join(money.display(pack) for pack in terms.packs_micros)

    @admin.display
    def least(self, terms: TopUpTerms) -> str:
        return money.display(terms.least_micros)

    @admin.display
    def most(self, terms: TopUpTerms) -> str:
        return money.display(terms.most_micros)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # the one row is there


@admin.register(BonusRule)
class BonusRuleAdmin(MadeByStaff, LookupAdmin):
    form = BonusForm
    list_display: Any = ("starts_at", "ends_at", amount, "least_payment", "created_by")
    list_select_related = ("created_by",)
    ordering = ("-starts_at",)

    def named(self, row: BonusRule) -> str:
        return f"Bonus of {money.display(row.amount_micros)} from {row.starts_at:%Y-%m-%d}"

    @admin.display(description="least payment")
    def least_payment(self, rule: BonusRule) -> str:
        return money.display(rule.least_payment_micros)


@admin.register(PromotionCode)
class PromotionCodeAdmin(MadeByStaff, LookupAdmin):
    form = CodeForm
    list_display: Any = ("code", amount, "redeemed", "total_limit", "organization_limit")
    list_display += ("expires_at", "active", "created_by")
    list_filter = ("active",)
    list_select_related = ("created_by",)
    ordering = ("-id",)
    search_texts = ("code__iexact",)

    def get_fields(self, request: HttpRequest, obj: PromotionCode | None = None) -> Any:
        return in_order(super().get_fields(request, obj), CodeForm.field_order)


@admin.register(Redemption)
class RedemptionAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("id", "created_at", "code", "organization", amount, "redeemed_by")
    list_select_related = ("code", "organization", "redeemed_by")
    ordering = ("-id",)
    search_ids = ("id", "organization")
    search_texts = ("code__code__iexact",)
