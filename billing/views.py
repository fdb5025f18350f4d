"""The web's doors to buying credits, and to what an organization has agreed to."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from billing import auto_topup, customers, money, promotions, topups, watching
from billing.forms import AlertForm, AutoTopUpForm, BuyForm, CodeForm, PlainForm, typed
from billing.models import AutoTopUp, TopUp, TopUpState, TopUpTerms
from billing.overview import Overview
from billing.payments import PaymentRefused, PaymentUnknown

_NO_PAGE = "The payment page could not be opened. You were not charged. Please try again."
_ENDED_UNPAID = (TopUpState.FAILED, TopUpState.EXPIRED)
_SUGGESTED = {"threshold": 10, "amount": 20, "monthly_cap": 100}
"""Dollars that the auto top-up form shows at first."""


class HttpResponseSeeOther(HttpResponseRedirect):
    """Go on there with a GET."""

    status_code = 303


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page that can be replaced alone: `partials/billing_<name>.html`.

    Attributes:
        form: as it was sent, with its mistakes; None for a fresh one.
        done: what has just been done, in words.
        trouble: why nothing was done, when no field is to blame.
    """

    name: str
    form: PlainForm | None = None
    done: str = ""
    trouble: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def billing(request: MemberRequest) -> HttpResponse:
    """Balance, purchases and agreements; POST starts a purchase and leads to Stripe's page.

    `?canceled=<id>`: back from Stripe's page. `?card=refresh`: back from its portal.
    `?amount=<dollars>` fills in the form.
    """
    if request.method == "POST":
        return _buy(request)
    request.caller.require(Scope.WALLET_READ)
    if request.GET.get("card") == "refresh" and request.caller.may(Scope.BILLING_WRITE):
        _refresh_card(request)
        return redirect("billing")
    return _page(request)


def _buy(request: MemberRequest) -> HttpResponse:
    request.caller.require(Scope.BILLING_WRITE)
    form = BuyForm(request.POST, auto_id="buy_%s")
    # A form without its key, or with a spoilt one, is its own first sending.
    form_key = _uuid(request.POST.get("form_key", "")) or uuid.uuid4()
    saves_card = "saves_card" in request.POST
    try:
        text = request.POST.get("pack") or request.POST.get("amount", "").strip()
        amount_micros = topups.checked_amount(text.removeprefix("$"))
    except topups.InvalidTopUp as error:
        form.add_refusal(error)
        return _page(request, Section("buy", form=form), status=422)
    try:
        top_up = _start(request, amount_micros, saves_card=saves_card, form_key=form_key)
    except (PaymentUnknown, topups.PaymentsNotSetUp) as error:
        return _page(request, Section("buy", form=form, trouble=error.message), status=422)
    except PaymentRefused:  # its words are for staff
        return _page(request, Section("buy", form=form, trouble=_NO_PAGE), status=422)
    is_to_be_paid = top_up.state == TopUpState.OPEN and top_up.checkout_url
    return _leave(
        request, top_up.checkout_url if is_to_be_paid else reverse("top_up", args=[top_up.pk])
    )


def _start(
    request: MemberRequest, amount_micros: int, *, saves_card: bool, form_key: uuid.UUID
) -> TopUp:
    """The form's purchase, however often it is sent.

    Sent again after that purchase has come to nothing, it is a new one. Raises as `topups.start`.
    """
    key = form_key
    while True:
        top_up, was_asked_before = topups.start(
            request.caller,
            amount_micros=amount_micros,
            saves_card=saves_card,
            idempotency_key=f"page-{key}-{amount_micros}-{saves_card:d}",
        )
        if not was_asked_before or top_up.state not in _ENDED_UNPAID:
            return top_up
        key = top_up.pk


@require_POST
@member_page
def redeem_code(request: MemberRequest) -> HttpResponse:
    """Turn a promotion code into credits."""
    request.caller.require(Scope.BILLING_WRITE)
    form = CodeForm(request.POST, auto_id="code_%s")
    if form.is_valid():
        try:
            promotions.count_try(request.caller)
            redemption = promotions.redeem(request.caller, code=form.cleaned_data["code"])
        except promotions.PromotionRefused as error:
            form.add_error("code", error.message)
        else:
            amount = money.display(redemption.amount_micros)
            return _done(request, "code", f"{amount} in credits added.")
    return _page(request, Section("code", form=form), status=422)


@require_POST
@member_page
def manage_card(request: MemberRequest) -> HttpResponse:
    """To Stripe's own page for saved cards and invoices."""
    request.caller.require(Scope.BILLING_WRITE)
    back = f"{request.build_absolute_uri(reverse('billing'))}?card=refresh"
    try:
        url = customers.portal_url(request.caller, return_url=back)
    except PaymentUnknown as error:
        return _page(request, Section("card", trouble=error.message), status=422)
    except PaymentRefused:
        trouble = "Stripe's page could not be opened. Please try again, or ask our support."
        return _page(request, Section("card", trouble=trouble), status=422)
    return _leave(request, url)


def _refresh_card(request: MemberRequest) -> None:
    customer = Overview(request.caller).customer
    if customer is None:
        return
    try:
        customers.refresh_card(customer)
    except (PaymentUnknown, PaymentRefused):
        messages.warning(
            request, "Stripe did not tell which card is saved now. Please open the page again."
        )


@require_POST
@member_page
def switch_auto_top_up_on(request: MemberRequest) -> HttpResponse:
    """Agree to auto top-ups, or to other amounts: in the very words that were shown."""
    request.caller.require(Scope.BILLING_WRITE)
    form = AutoTopUpForm(request.POST, auto_id="auto_%s")
    form.is_valid()
    text = _consent_text(form)
    if text and "agreed" in form.cleaned_data and form.cleaned_data["agreed_to"] != text:
        form.add_error("agreed", "The amounts were changed: please read this, and tick it again.")
    if not form.errors:
        try:
            auto_topup.switch_on(request.caller, **form.amounts)
        except (topups.InvalidTopUp, auto_topup.CardMissing) as error:
            form.add_refusal(error)
        else:
            return _done(request, "auto", "Auto top-up is on.")
    return _page(request, Section("auto", form=form), status=422)


@require_POST
@member_page
def switch_auto_top_up_off(request: MemberRequest) -> HttpResponse:
    """Withdraw the consent."""
    request.caller.require(Scope.BILLING_WRITE)
    auto_topup.switch_off(request.caller)
    return _done(request, "auto", "Auto top-up is off.")


@require_POST
@member_page
def consent(request: MemberRequest) -> HttpResponse:
    """What one would agree to with the amounts as they stand, for htmx: always a 200."""
    form = AutoTopUpForm(request.POST, auto_id="auto_%s")
    form.is_valid()
    return render(request, "partials/billing_consent.html", {"consent": _consent_text(form)})


@require_POST
@member_page
def set_alert(request: MemberRequest) -> HttpResponse:
    """The balance below which managers get an e-mail; an empty field ends that."""
    request.caller.require(Scope.BILLING_WRITE)
    form = AlertForm(request.POST, auto_id="alert_%s")
    if form.is_valid():
        threshold = form.cleaned_data["threshold"]
        try:
            watching.set_alert(request.caller, threshold_micros=threshold)
        except topups.InvalidTopUp as error:
            form.add_refusal(error)
        else:
            said = "Saved." if threshold is not None else "No e-mail will be sent."
            return _done(request, "alert", said)
    return _page(request, Section("alert", form=form), status=422)


def _done(request: MemberRequest, name: str, said: str) -> HttpResponse:
    if request.htmx:
        return _page(request, Section(name, done=said))
    messages.success(request, said)
    return HttpResponseSeeOther(reverse("billing"))


def _leave(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else HttpResponseSeeOther(url)


def _page(
    request: MemberRequest, section: Section | None = None, *, status: int = 200
) -> HttpResponse:
    """The page; for htmx one section of it, with the figures that it may have changed."""
    overview = Overview(request.caller)
    sent: dict[str, Any] = {section.name: section.form} if section and section.form else {}
    for form in sent.values():
        form.point_out()
    auto_form: AutoTopUpForm = sent.get("auto") or _auto_form(overview.auto, overview.terms)
    context: dict[str, Any] = {
        "overview": overview,
        "section": section,
        "buy_form": sent.get("buy") or _buy_form(request),
        "code_form": sent.get("code") or CodeForm(auto_id="code_%s"),
        "auto_form": auto_form,
        "alert_form": sent.get("alert") or _alert_form(overview),
        "consent": _consent_text(auto_form),
        "canceled": None if request.htmx else _canceled(request),
    }
    if section and request.htmx:
        context["template"] = f"partials/billing_{section.name}.html"
        return render(request, "partials/billing_section.html", context, status=status)
    return render(request, "billing/billing.html", context, status=status)


def _buy_form(request: HttpRequest) -> BuyForm:
    initial = {"form_key": uuid.uuid4(), "amount": request.GET.get("amount", "")[:30]}
    return BuyForm(auto_id="buy_%s", initial=initial)


def _alert_form(overview: Overview) -> AlertForm:
    alert = overview.alert
    initial = {"threshold": typed(alert.threshold_micros)} if alert else {}
    return AlertForm(auto_id="alert_%s", initial=initial)


def _auto_form(auto: AutoTopUp | None, terms: TopUpTerms) -> AutoTopUpForm:
    """With what was agreed to the last time, or with what seems sensible."""
    if auto is not None:
        micros = {name: getattr(auto, f"{name}_micros") for name in _SUGGESTED}
    else:
        micros = {name: dollars * money.MICROS for name, dollars in _SUGGESTED.items()}
        micros["amount"] = min(max(micros["amount"], terms.least_micros), terms.most_micros)
        micros["monthly_cap"] = max(micros["monthly_cap"], micros["amount"])
    initial = {name: typed(amount) for name, amount in micros.items()}
    return AutoTopUpForm(auto_id="auto_%s", initial=initial)


def _consent_text(form: AutoTopUpForm) -> str:
    """The words for a form's amounts; "" while they are not all there."""
    amounts = form.amounts if form.is_bound else form.first_amounts
    return auto_topup.consent_text(**amounts) if len(amounts) == len(_SUGGESTED) else ""


def _canceled(request: MemberRequest) -> TopUp | None:
    """The purchase whose payment page was left."""
    if (wanted := _uuid(request.GET.get("canceled", ""))) is None:
        return None
    ours = TopUp.objects.filter(organization_id=request.caller.organization_id)
    return ours.filter(pk=wanted).first()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
