"""The admin's page "Decide": a second person lets an act happen, or not."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.errors import DomainError
from accounts.models import User
from backoffice import acts, approvals
from backoffice.act_views import ReasonField
from backoffice.models import Approval, ApprovalState
from billing import adjustments, money
from billing.models import Wallet

ADJUST = "adjust_credits"
MAY_DECIDE = "backoffice.change_approval"


class DecisionForm(forms.Form):
    because = ReasonField(label="Why?", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def decide_view(admin: Any, request: HttpRequest, approval_id: uuid.UUID) -> HttpResponse:
    """Needs the permission `backoffice.change_approval`, and another person than who asked."""
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied
    approval = get_object_or_404(Approval.objects.select_related("asked_by"), pk=approval_id)
    wallet = get_object_or_404(
        Wallet.objects.select_related("organization"), pk=approval.organization_id
    )
    try:
        kind = approvals.kind_of(approval)
    except KeyError:
        raise Http404 from None
    form = DecisionForm(request.POST or None)
    row = kind.row(approval)
    page = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        approve = "approve" in request.POST
        try:
            if approve == ("reject" in request.POST):
                raise approvals.Undecidable("Either approve or reject.")
            decide(approval, request.user, approve, form.cleaned_data["because"])
        except (DomainError, approvals.Undecidable) as error:
            form.add_error(None, str(error))
        else:
            _tell(request, approval, approve)
            return HttpResponseRedirect(page)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": f"Decide about {kind.noun.replace('_', ' ')}",
        "approval": approval,
        "asks": kind.asks,
        "row": row if row != wallet else None,
        "page": page,
        "wallet": wallet,
        "form": form,
        "amount": money.display(approval.amount_micros),
        "into_debt": bool(approval.details.get("into_debt")),
        "available": money.display(wallet.available_micros),
        "own": approval.asked_by_id == request.user.pk,
        "waiting": approval.state == ApprovalState.WAITING,
        "old": approvals.is_old(approval),
        "days": approvals.VALID.days,
    }
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "admin/billing/wallet/decide.html", context, status=status)


def _tell(request: HttpRequest, approval: Approval, approve: bool) -> None:
    """And what comes after the commit."""
    if not approve:
        messages.success(request, "Rejected. Nothing was moved.")
        return
    try:
        messages.success(request, approvals.kind_of(approval).finish(approval))
    except DomainError as error:
        messages.error(request, f"Approved, but it was refused: {error.message}")


@transaction.atomic
def decide(approval: Approval, by: Any, approve: bool, because: str) -> None:
    """The decision, its record and what it lets happen: all or none. The act stays the asking
    person's, who must still have the right to it."""
    kind = approvals.kind_of(approval)
    approvals.decide(approval, approve=approve, decided_by_id=by.pk, because=because)
    wallet = Wallet.objects.get(pk=approval.organization_id)
    acts.record(
        f"{'approve' if approve else 'reject'}_{kind.noun}",
        kind.row(approval),
        organization_id=approval.organization_id,
        reason=because,
        before={"available_micros": wallet.available_micros},
        after={"amount_micros": approval.amount_micros, "asked_by": str(approval.asked_by)},
    )
    if approve:
        asked_by = User.objects.get(pk=approval.asked_by_id)
        if not asked_by.has_perm(kind.permission):
            raise approvals.Undecidable(f"{asked_by} has no right to it any more: reject it.")
        kind.do(approval)


def _adjust(approval: Approval) -> None:
    assert isinstance(approval.asked_by, User)
    adjustments.adjust(
        organization_id=approval.organization_id,
        amount_micros=approval.amount_micros,
        reason=approval.reason,
        made_by=approval.asked_by,
        reference=f"admin:{approval.pk}",
    )


approvals.register(
    approvals.Kind(
        act=ADJUST,
        noun="adjustment",
        asks="to adjust its credits by",
        permission="billing.add_entry",
        row=lambda approval: Wallet.objects.select_related("organization").get(
            pk=approval.organization_id
        ),
        do=_adjust,
        finish=lambda approval: "Approved, and posted.",
    )
)
