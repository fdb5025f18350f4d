"""Staff's view of money. Nothing here edits a row: corrections and new prices are added."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly
from billing import finding_admin as finding_admin  # registers what it finds
from billing import money
from billing import page_admin as page_admin  # registers an organization's sections
from billing import payment_admin as payment_admin  # registers its own pages
from billing import price_admin as price_admin  # so does this
from billing.adjustment_views import adjust_view
from billing.approval_views import decide_view
from billing.freeze_views import freeze_view
from billing.models import Entry, EntryKind, Hold, Wallet


@admin.display(description="balance", ordering="balance_micros")
def balance(wallet: Wallet) -> str:
    return money.display(wallet.balance_micros)


@admin.display(description="held", ordering="held_micros")
def held(wallet: Wallet) -> str:
    return money.display(wallet.held_micros)


@admin.display(description="available")
def available(wallet: Wallet) -> str:
    return money.display(wallet.available_micros)


@admin.display(description="debt", ordering="debt_micros")
def debt(wallet: Wallet) -> str:
    return money.display(wallet.debt_micros)


@admin.display(description="amount")
def amount(row: Entry | Hold) -> str:
    return money.display(row.amount_micros)


@admin.display(description="held")
def held_delta(entry: Entry) -> str:
    return money.display(entry.held_delta_micros)


@admin.display(description="balance after")
def balance_after(entry: Entry) -> str:
    return money.display(entry.balance_after_micros)


@admin.display(description="held after")
def held_after(entry: Entry) -> str:
    return money.display(entry.held_after_micros)


@admin.display(description="captured")
def captured(hold: Hold) -> str:
    return money.display(hold.captured_micros)


@admin.register(Wallet)
class WalletAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("organization", balance, held, available, debt, "frozen_at")
    list_select_related = ("organization",)
    list_filter = (("frozen_at", admin.EmptyFieldListFilter),)
    fields: ClassVar[Any] = (
        "organization",
        balance,
        held,
        available,
        debt,
        "sequence",
        "frozen_at",
    )
    ordering = ("-organization_id",)
    search_ids = ("organization",)

    def get_urls(self) -> list[URLPattern]:
        adjust = self.admin_site.admin_view(self.adjust)
        decide = self.admin_site.admin_view(self.decide)
        freeze = self.admin_site.admin_view(self.freeze)
        return [
            path("<uuid:organization_id>/adjust/", adjust, name="billing_wallet_adjust"),
            path("approvals/<uuid:approval_id>/", decide, name="billing_wallet_decide"),
            path("<uuid:organization_id>/freeze/", freeze, name="billing_wallet_freeze"),
            *super().get_urls(),
        ]

    def adjust(self, request: HttpRequest, organization_id: Any) -> HttpResponse:
        """Adjust credits: see `billing.adjustment_views`."""
        return adjust_view(self, request, organization_id)

    def decide(self, request: HttpRequest, approval_id: Any) -> HttpResponse:
        """Approve an adjustment, or reject it: see `billing.approval_views`."""
        return decide_view(self, request, approval_id)

    def freeze(self, request: HttpRequest, organization_id: Any) -> HttpResponse:
        """Keep an organization from spending: see `billing.freeze_views`."""
        return freeze_view(self, request, organization_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may = request.user.has_perm("billing.add_entry")
        context = {**(extra_context or {}), "may_adjust": may}
        return super().change_view(request, object_id, form_url, context)


@admin.register(Entry)
class EntryAdmin(ReadOnly, LookupAdmin):
    list_display: Any = (
        "id",
        "created_at",
        "wallet_name",
        "sequence",
        "kind",
        "account",
        amount,
    )
    list_display += (held_delta, balance_after, held_after, "reference", "reason", "made_by")
    list_filter = ("kind", "account", "created_at")
    list_select_related = ("wallet__organization", "made_by")
    ordering = ("-id",)
    fields: ClassVar[Any] = (
        "id",
        "created_at",
        "wallet",
        "sequence",
        "kind",
        "account",
        amount,
        held_delta,
    )
    fields += (balance_after, held_after, "hold", "reference", "reason", "made_by")
    search_ids = ("wallet", "hold")
    found_by: ClassVar[Any] = {
        **{finding.ORGANIZATION: "wallet", finding.GENERATION: "hold"},
        finding.TOP_UP: "reference",
    }

    @admin.display(description="organization")
    def wallet_name(self, entry: Entry) -> str:
        return entry.wallet.organization.name

    def found(self, kind: str, keys: list[Any]) -> Q:
        """By reference only through its index, which begins with the kind."""
        if kind == finding.TOP_UP:
            return _of_reference([f"top_up:{key}" for key in keys])
        return super().found(kind, keys)

    def _by_text(self, queryset: Any, term: str) -> Q:
        return _of_reference([term])


@admin.register(Hold)
class HoldAdmin(ReadOnly, LookupAdmin):
    list_display: Any = (
        "id",
        "created_at",
        "wallet_name",
        "state",
        amount,
        captured,
        "reference",
    )
    list_display += ("expires_at", "resolved_at")
    list_filter = ("state", "created_at")
    list_select_related = ("wallet__organization",)
    ordering = ("-id",)
    fields: ClassVar[Any] = ("id", "wallet", "state", amount, captured, "reference", "created_at")
    fields += ("expires_at", "resolved_at")
    search_ids = ("id", "wallet")
    found_by: ClassVar[Any] = {finding.GENERATION: "pk", finding.ORGANIZATION: "wallet"}

    @admin.display(description="organization")
    def wallet_name(self, hold: Hold) -> str:
        return hold.wallet.organization.name


def _of_reference(references: list[str]) -> Q:
    return Q(kind__in=EntryKind.values, reference__in=references, hold__isnull=True)
