"""The reconciliation's pages about the provider's invoices: entering one, and withdrawing it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.money_fields import DollarsField
from backoffice.act_views import ReasonForm
from billing import money
from staff import invoices, reconciliation
from staff.models import Source

ENTER, WITHDRAW = "staff.add_providerinvoice", "staff.change_providerinvoice"
LARGEST_MICROS = 100_000_000 * money.MICROS
FIRST_DAY = date(2020, 1, 1)


class InvoiceForm(ReasonForm):
    reference = forms.CharField(label="The invoice's number", max_length=60)
    first_day = forms.DateField(
        label="First day (UTC)", widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label="Last day (UTC)", widget=forms.DateInput(attrs={"type": "date"})
    )
    amount = DollarsField(label="Amount in USD", help_text="Of the videos alone, without taxes.")
    field_order = ("reference", "first_day", "last_day", "amount", "reason")

    def clean_first_day(self) -> date:
        day: date = self.cleaned_data["first_day"]
        if day < FIRST_DAY:
            raise forms.ValidationError("There was nothing to invoice on that day.")
        return day

    def clean_amount(self) -> int:
        amount = int(self.cleaned_data["amount"])
        if not 0 <= amount <= LARGEST_MICROS:
            raise forms.ValidationError(
                f"The amount is not negative, and at most {money.display(LARGEST_MICROS)}."
            )
        return amount


def shown(request: HttpRequest) -> dict[str, Any]:
    """The invoices, for the reconciliation's page."""
    return {
        "may_enter": request.user.has_perm(ENTER),
        "may_withdraw": request.user.has_perm(WITHDRAW),
        "invoices": [
            {
                "row": one.invoice,
                "asked": money.display(one.invoice.amount_micros),
                "cost": money.display(one.cost),
                "at_most": money.display(one.at_most),
                "difference": money.display(one.difference) if one.difference else "agrees",
            }
            for one in invoices.compared()
        ],
    }


def enter_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Needs the permission `staff.add_providerinvoice`. The provider's check looks at it soon."""
    if not request.user.has_perm(ENTER):
        raise PermissionDenied

    def do(asked: dict[str, Any]) -> str:
        invoices.enter(
            reference=asked["reference"],
            first_day=asked["first_day"],
            last_day=asked["last_day"],
            amount_micros=asked["amount"],
            by_id=request.user.pk or 0,
            reason=asked["reason"],
        )
        reconciliation.begin(Source.PROVIDER, asked_by_id=request.user.pk)
        return "Entered. The provider's check looks at it now."

    says = ["It is kept as it is entered: a slip is withdrawn, and entered anew."]
    return _page(admin, request, InvoiceForm, do, title="Enter an invoice", says=says)


def withdraw_view(admin: Any, request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Needs the permission `staff.change_providerinvoice`."""
    if not request.user.has_perm(WITHDRAW):
        raise PermissionDenied
    row = invoices.standing().filter(pk=invoice_id).first()
    if row is None:
        raise Http404

    def do(asked: dict[str, Any]) -> str:
        invoices.withdraw(invoice_id, by_id=request.user.pk or 0, reason=asked["reason"])
        return "Withdrawn. A difference that it made is for you to resolve."

    says = [
        f"Invoice {row.reference} of {row.first_day} to {row.last_day}, "
        f"{money.display(row.amount_micros)}, is no longer compared. That it was entered stays on "
        "record."
    ]
    return _page(
        admin, request, ReasonForm, do, title="Withdraw an invoice", says=says, danger=True
    )


def _page(
    admin: Any,
    request: HttpRequest,
    form_class: type[forms.Form],
    do: Callable[[dict[str, Any]], str],
    **shown: Any,
) -> HttpResponse:
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, do(form.cleaned_data))
            return HttpResponseRedirect(reverse("admin:staff_difference_changelist"))
        except invoices.NotEntered as error:
            form.add_error(None, str(error))
    context = {**admin.admin_site.each_context(request), "opts": admin.opts, "form": form, **shown}
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "staff/invoice.html", context, status=status)
