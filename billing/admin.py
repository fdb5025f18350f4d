"""Staff's view of money. Nothing here edits a row: corrections and new prices are added."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from backoffice.big_admin import LookupAdmin, ReadOnly
from billing import finding_admin as finding_admin  # registers what it finds
from billing import ledger_admin as ledger_admin  # entries and holds
from billing import money
from billing import page_admin as page_admin  # registers an organization's sections
from billing import payment_admin as payment_admin  # registers its own pages
from billing import price_admin as price_admin  # so does this
from billing.adjustment_views import adjust_view
from billing.approval_views import decide_view
from billing.freeze_views import freeze_view
from billing.models import Wallet


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
    sortable_by: ClassVar[Any] = (balance, held, debt)  # whom we owe most; there are few enough
    search_ids = ("organization",)

    def named(self, row: Wallet) -> str:
        return f"Wallet of {row.organization}"

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
