"""The admin's page "Decide": a second person lets an adjustment happen, or not."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.errors import DomainError
from accounts.models import User
from backoffice import acts, approvals
from backoffice.models import Approval, ApprovalState
from billing import adjustments, money
from billing.models import Wallet

ADJUST = "adjust_credits"
MAY_DECIDE = "backoffice.change_approval"


class DecisionForm(forms.Form):
    because = forms.CharField(
        label="Why?", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


def decide_view(admin: Any, request: HttpRequest, approval_id: uuid.UUID) -> HttpResponse:
    """Needs the permission `backoffice.change_approval`, and another person than who asked."""
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied
    approval = get_object_or_404(Approval.objects.select_related("asked_by"), pk=approval_id)
    wallet = get_object_or_404(
        Wallet.objects.select_related("organization"), pk=approval.organization_id
    )
    form = DecisionForm(request.POST or None)
    back = HttpResponseRedirect(reverse("admin:billing_wallet_change", args=[wallet.pk]))
    if request.method == "POST" and form.is_valid():
        approve = "approve" in request.POST
        try:
            decide(approval, wallet, request.user, approve, form.cleaned_data["because"])
        except (DomainError, approvals.Undecidable) as error:
            form.add_error(None, str(error))
        else:
            told = "Approved, and posted." if approve else "Rejected. Nothing was moved."
            messages.success(request, told)
            return back
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Decide about an adjustment",
        "approval": approval,
        "wallet": wallet,
        "form": form,
        "amount": money.display(approval.amount_micros),
        "available": money.display(wallet.available_micros),
        "own": approval.asked_by_id == request.user.pk,
        "waiting": approval.state == ApprovalState.WAITING,
    }
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "admin/billing/wallet/decide.html", context, status=status)


@transaction.atomic
def decide(approval: Approval, wallet: Wallet, by: Any, approve: bool, because: str) -> None:
    """The decision, its record and the entry: all or none. The entry is the asking person's."""
    approvals.decide(approval, approve=approve, decided_by_id=by.pk, because=because)
    acts.record(
        f"{'approve' if approve else 'reject'}_adjustment",
        wallet,
        organization_id=wallet.pk,
        reason=because,
        before={"available_micros": wallet.available_micros},
        after={"amount_micros": approval.amount_micros, "asked_by": str(approval.asked_by)},
    )
    if approve:
        assert isinstance(approval.asked_by, User)
        adjustments.adjust(
            organization_id=wallet.pk,
            amount_micros=approval.amount_micros,
            reason=approval.reason,
            made_by=approval.asked_by,
            reference=f"admin:{approval.pk}",
        )
