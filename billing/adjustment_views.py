"""The admin's page "Adjust credits": amount and reason, then the result, then the entry.

The form carries an id of its own, which becomes the entry's reference: sent twice, it moves once.
"""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.errors import DomainError
from accounts.models import User, new_id
from accounts.money_fields import DollarsField
from backoffice import acts, approvals
from backoffice.act_views import ReasonField
from billing import adjustments, approval_views, ledger, money
from billing.models import Wallet


class AdjustmentForm(forms.Form):
    form_id = forms.UUIDField(widget=forms.HiddenInput)
    amount = DollarsField(
        label="Amount in USD", help_text="12.50 adds credits, -12.50 takes available ones away."
    )
    reason = ReasonField(
        max_length=ledger.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the entry and your name; the customer may read it.",
    )

    def clean_amount(self) -> int:
        amount = int(self.cleaned_data["amount"])
        if not 0 < abs(amount) <= adjustments.LARGEST_ADJUSTMENT_MICROS:
            largest = money.display(adjustments.LARGEST_ADJUSTMENT_MICROS)
            raise forms.ValidationError(f"The amount is not zero, and at most {largest}.")
        return amount


def adjust_view(admin: Any, request: HttpRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Ask, show what it comes to, post. Needs the permission `billing.add_entry`."""
    if not request.user.has_perm("billing.add_entry"):
        raise PermissionDenied
    wallet = get_object_or_404(Wallet.objects.select_related("organization"), pk=organization_id)
    form = AdjustmentForm(request.POST or None, initial={"form_id": new_id()})
    back = HttpResponseRedirect(reverse("admin:billing_wallet_change", args=[wallet.pk]))
    if request.method == "POST" and form.is_valid() and "confirm" in request.POST:
        try:
            if approvals.needed(form.cleaned_data["amount"]):
                _ask(request, wallet, form.cleaned_data)
                return back
            _post(request, wallet, form.cleaned_data)
        except ledger.AlreadyMoved:
            messages.warning(request, "This form was sent before. Nothing was moved again.")
            return back
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            shown = money.display(form.cleaned_data["amount"])
            messages.success(request, f"Adjusted by {shown}.")
            return back
    return _page(admin, request, wallet, form)


def _ask(request: HttpRequest, wallet: Wallet, asked: dict[str, Any]) -> None:
    assert isinstance(request.user, User)
    with transaction.atomic():
        _, is_new = approvals.ask(
            approval_views.ADJUST,
            request_id=asked["form_id"],
            organization_id=wallet.pk,
            amount_micros=asked["amount"],
            reason=asked["reason"],
            asked_by_id=request.user.pk,
        )
        if is_new:
            acts.record(
                "ask_to_adjust_credits",
                wallet,
                organization_id=wallet.pk,
                reason=asked["reason"],
                after={"amount_micros": asked["amount"]},
            )
    messages.info(request, "It waits for a second person of finance. Nothing was moved yet.")


def _post(request: HttpRequest, wallet: Wallet, asked: dict[str, Any]) -> None:
    assert isinstance(request.user, User)
    with transaction.atomic():
        acts.record(
            "adjust_credits",
            wallet,
            organization_id=wallet.pk,
            reason=asked["reason"],
            before={"available_micros": wallet.available_micros},
            after={"amount_micros": asked["amount"]},
        )
        adjustments.adjust(
            organization_id=wallet.pk,
            amount_micros=asked["amount"],
            reason=asked["reason"],
            made_by=request.user,
            reference=f"admin:{asked['form_id']}",
        )


def _page(admin: Any, request: HttpRequest, wallet: Wallet, form: AdjustmentForm) -> HttpResponse:
    preview = {}
    if form.is_bound and form.is_valid():
        amount = form.cleaned_data["amount"]
        repaid = min(wallet.debt_micros, wallet.available_micros + amount) if amount > 0 else 0
        preview = {
            "amount": money.display(amount),
            "available_after": money.display(wallet.available_micros + amount - repaid),
            "repaid": money.display(repaid) if repaid else "",
            "needs_approval": approvals.needed(amount),
        }
        if wallet.available_micros + amount < 0:
            form.add_error("amount", f"Only {money.display(wallet.available_micros)} is available.")
            preview = {}
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Adjust credits",
        "wallet": wallet,
        "form": form,
        "preview": preview,
        "limit": money.display(settings.STAFF_APPROVAL_ABOVE_MICROS),
        "available": money.display(wallet.available_micros),
        "balance": money.display(wallet.balance_micros),
        "debt": money.display(wallet.debt_micros) if wallet.debt_micros else "",
    }
    return TemplateResponse(request, "admin/billing/wallet/adjust.html", context)
