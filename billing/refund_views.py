"""The admin's page "Refund": how much and why, what it comes to, then Stripe."""

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
from backoffice.models import Approval
from billing import money, refunds
from billing.models import Refund, RefundState, TopUp, Wallet

REFUND = "refund_payment"


class RefundForm(forms.Form):
    left = forms.CharField(widget=forms.HiddenInput)
    amount = DollarsField(label="Amount in USD")
    reason = ReasonField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands in the customer's statement.",
    )
    into_debt = forms.BooleanField(
        label="Also when the credits have been spent: what is missing becomes debt",
        required=False,
    )


def refund_view(admin: Any, request: HttpRequest, top_up_id: uuid.UUID) -> HttpResponse:
    """Ask, show what it comes to, refund. Needs the permission `billing.add_refund`.

    The form knows how much was left when it was shown: sent twice, it refunds once. Above the limit
    it waits for a second person.
    """
    if not request.user.has_perm("billing.add_refund"):
        raise PermissionDenied
    top_up = get_object_or_404(TopUp.objects.select_related("organization"), pk=top_up_id)
    left = refunds.left_micros(top_up)
    shown = money.display(left).removeprefix("$").replace(",", "")
    form = RefundForm(request.POST or None, initial={"amount": shown, "left": str(left)})
    if request.method == "POST" and form.is_valid() and "confirm" in request.POST:
        if form.cleaned_data["left"] != str(left):
            messages.warning(request, "Something was refunded meanwhile. Look at what is left.")
            return HttpResponseRedirect(request.path)
        try:
            told = _refund(request, top_up, form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("admin:billing_topup_change", args=[top_up.pk]))
    elif form.is_bound and form.is_valid():
        _check(form, top_up)
    wallet = Wallet.objects.get(pk=top_up.organization_id)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Refund",
        "top_up": top_up,
        "form": form,
        "confirming": form.is_bound and form.is_valid(),
        "needs_approval": form.is_bound
        and form.is_valid()
        and approvals.needed(form.cleaned_data["amount"]),
        "waiting": approvals.waiting(REFUND, top_up),
        "limit": money.display(settings.STAFF_APPROVAL_ABOVE_MICROS),
        "amount": money.display(form.cleaned_data["amount"])
        if form.is_bound and form.is_valid()
        else "",
        "paid": money.display(top_up.amount_micros),
        "bonus": money.display(top_up.bonus_micros - top_up.bonus_taken_micros),
        "left": money.display(left),
        "available": money.display(wallet.available_micros),
    }
    return TemplateResponse(request, "admin/billing/topup/refund.html", context)


def _check(form: RefundForm, top_up: TopUp) -> None:
    """What cannot be refunded is said before it is confirmed."""
    try:
        refunds.check(top_up, form.cleaned_data["amount"])
    except DomainError as error:
        form.add_error("amount", error.message)


def _refund(request: HttpRequest, top_up: TopUp, asked: dict[str, Any]) -> str:
    """Refund, or ask a second person to let it happen. Returns what to tell."""
    assert isinstance(request.user, User)
    if approvals.needed(asked["amount"]):
        _ask(request.user, top_up, asked)
        return "It waits for a second person of finance. Nothing was moved yet."
    refund = refunds.request(
        top_up.pk,
        amount_micros=asked["amount"],
        reason=asked["reason"],
        made_by=request.user,
        into_debt=asked["into_debt"],
        left_micros=int(asked["left"]),
    )
    return _told(refund)


@transaction.atomic
def _ask(by: User, top_up: TopUp, asked: dict[str, Any]) -> None:
    refunds.check(top_up, asked["amount"])
    try:
        approvals.ask(
            REFUND,
            request_id=new_id(),
            organization_id=top_up.organization_id,
            amount_micros=asked["amount"],
            reason=asked["reason"],
            asked_by_id=by.pk,
            row=top_up,
            details={"into_debt": asked["into_debt"]},
        )
    except approvals.AskedAlready as error:
        raise refunds.RefundNotPossible(
            f"A refund of this payment waits already: {money.display(error.approval.amount_micros)}"
            ", for a second person to decide."
        ) from error
    acts.record(
        "ask_to_refund_payment",
        top_up,
        organization_id=top_up.organization_id,
        reason=asked["reason"],
        after={"amount_micros": asked["amount"], "into_debt": asked["into_debt"]},
    )


def _told(refund: Refund) -> str:
    waits = refund.state == RefundState.REQUESTED
    return "Stripe has not answered yet; it is asked again." if waits else "Refunded."


def _begin(approval: Approval) -> None:
    assert isinstance(approval.asked_by, User)
    refunds.begin(
        uuid.UUID(approval.subject_id),
        amount_micros=approval.amount_micros,
        reason=approval.reason,
        made_by=approval.asked_by,
        into_debt=bool(approval.details.get("into_debt")),
        refund_id=approval.pk,
    )


def _finish(approval: Approval) -> str:
    refund = Refund.objects.select_related("top_up").get(pk=approval.pk)
    return f"Approved. {_told(refunds.ask_stripe(refund))}"


approvals.register(
    approvals.Kind(
        act=REFUND,
        noun="payment_refund",
        asks="to refund to the card",
        permission="billing.add_refund",
        row=lambda approval: TopUp.objects.get(pk=approval.subject_id),
        do=_begin,
        finish=_finish,
    )
)
