"""The web's doors to top-ups: the list, and the page to which Stripe sends a customer back."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling, reswap

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from billing import fulfilment, topups
from billing.models import Entry, EntryKind, TopUp, TopUpState
from billing.overview import top_ups_of
from billing.payments import PaymentRefused, PaymentUnknown

PAGE_SIZE = 25
_QUESTIONS = 40
"""How often an open page asks by itself: for some four minutes."""


@require_safe
@member_page
def top_ups(request: MemberRequest) -> HttpResponse:
    """All top-ups, newest first; `?before=<id>` goes on below."""
    request.caller.require(Scope.WALLET_READ)
    rows = top_ups_of(request.caller.organization_id)
    if before := request.GET.get("before"):
        rows = rows.filter(pk__lt=_uuid_or_404(before))
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    context = {
        "top_ups": shown,
        "is_first": not before,
        "next_before": shown[-1].pk if len(found) > PAGE_SIZE else None,
        "may_buy": request.caller.may(Scope.BILLING_WRITE),
    }
    return render(request, "billing/top_ups.html", context)


@require_safe
@member_page
def top_up(request: MemberRequest, top_up_id: uuid.UUID) -> HttpResponse:
    """What became of a purchase, asked of Stripe at once. Someone else's is a 404."""
    row = _refreshed(request, top_up_id)
    return render(request, "billing/top_up.html", _context(request, row, asked=0))


@require_safe
@member_page
def top_up_live(request: MemberRequest, top_up_id: uuid.UUID) -> HttpResponse:
    """The page's changing part, for htmx: `seen` is the state that it shows.

    While that has not changed only the poller is replaced, by one that asks less often.
    """
    row = _refreshed(request, top_up_id)
    context = _context(request, row, asked=_count(request.GET.get("asked", "")))
    is_news = _look_of(row) != request.GET.get("seen") or context["has_given_up"]
    response = render(request, "partials/billing_top_up_live.html", {**context, "is_news": is_news})
    if not is_news:
        return reswap(response, "none")
    if not context["seconds"]:
        response.status_code = HttpResponseStopPolling.status_code
    return response


def _refreshed(request: MemberRequest, top_up_id: uuid.UUID) -> TopUp:
    try:
        row = topups.find(request.caller, top_up_id)
    except topups.TopUpMissing as error:
        raise Http404(error.message) from error
    if row.state == TopUpState.PAID:
        return row
    try:
        return fulfilment.refresh(top_up_id)
    except (PaymentUnknown, PaymentRefused):
        return row  # it is on its way: the worker, an event or the next look will tell


def _context(request: MemberRequest, row: TopUp, *, asked: int) -> dict[str, Any]:
    is_waiting = row.is_open and not row.attention
    has_given_up = is_waiting and asked >= _QUESTIONS
    return {
        "top_up": row,
        "look": _look_of(row),
        "asked": asked + 1,
        "seconds": 2 + asked // 5 if is_waiting and not has_given_up else 0,
        "has_given_up": has_given_up,
        "repaid_micros": _repaid_micros(row) if row.state == TopUpState.PAID else 0,
        "may_buy": request.caller.may(Scope.BILLING_WRITE),
    }


def _look_of(row: TopUp) -> str:
    """What the page shows, as a word to compare."""
    return f"{row.state}{'-stuck' if row.attention else ''}"


def _repaid_micros(row: TopUp) -> int:
    """How much of a paid top-up and its bonus went into debt."""
    references = [f"{kind}:{row.reference}" for kind in (EntryKind.TOP_UP, EntryKind.BONUS)]
    amounts = Entry.objects.filter(
        wallet_id=row.organization_id,
        kind=EntryKind.DEBT_REPAYMENT,
        reference__in=references,
        hold=None,
    ).values_list("amount_micros", flat=True)
    return -sum(amounts)


def _count(text: str) -> int:
    return min(int(text), _QUESTIONS) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None
