"""The admin's page "Refund": how much and why, what it comes to, then Stripe."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.errors import DomainError
from accounts.models import User
from backoffice import acts
from billing import money, refunds
from billing.models import RefundState, TopUp, Wallet
from billing.price_form import DollarsField


class RefundForm(forms.Form):
    left = forms.CharField(widget=forms.HiddenInput)
    amount = DollarsField(label="Amount in USD")
    reason = forms.CharField(
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

    The form knows how much was left when it was shown: sent twice, it refunds once.
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
            refund = _refund(request, top_up, form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            waits = refund.state == RefundState.REQUESTED
            told = "Stripe has not answered yet; it is asked again." if waits else "Refunded."
            messages.success(request, told)
            return HttpResponseRedirect(reverse("admin:billing_topup_change", args=[top_up.pk]))
    wallet = Wallet.objects.get(pk=top_up.organization_id)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Refund",
        "top_up": top_up,
        "form": form,
        "confirming": form.is_bound and form.is_valid(),
        "amount": money.display(form.cleaned_data["amount"])
        if form.is_bound and form.is_valid()
        else "",
        "paid": money.display(top_up.amount_micros),
        "bonus": money.display(top_up.bonus_micros - top_up.bonus_taken_micros),
        "left": money.display(left),
        "available": money.display(wallet.available_micros),
    }
    return TemplateResponse(request, "admin/billing/topup/refund.html", context)


def _refund(request: HttpRequest, top_up: TopUp, asked: dict[str, Any]) -> Any:
    assert isinstance(request.user, User)
    acts.record(
        "refund_payment",
        top_up,
        organization_id=top_up.organization_id,
        reason=asked["reason"],
        before={"left_micros": refunds.left_micros(top_up)},
        after={"amount_micros": asked["amount"]},
    )
    return refunds.request(
        top_up.pk,
        amount_micros=asked["amount"],
        reason=asked["reason"],
        made_by=request.user,
        into_debt=asked["into_debt"],
    )
