"""The web's doors to the Studio's form: parse, call one function, answer."""

import re
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, trigger_client_event

from accounts.errors import Busy, DomainError
from accounts.idempotency import IdempotencyKeyInUse, IdempotencyMismatch
from accounts.models import Scope
from accounts.spending import SpendingLimitExceeded
from accounts.views import MemberRequest, member_page
from billing.ledger import LedgerRefusal
from billing.overview import Overview
from billing.pricing import PriceMissing
from generations import (
    code_samples,
    forms,
    gallery,
    lookup_views,
    modes,
    prices_shown,
    runs,
    studio_examples,
    studio_fields,
    studio_requests,
    submission,
    upload_views,
)
from generations.modes import MODES, Mode
from generations.parameters import InvalidParameters
from generations.prices_shown import PriceLine
from generations.studio_requests import Filled

_MICROS = re.compile(r"[0-9]{1,18}")
_REFUSALS = (
    *(InvalidParameters, LedgerRefusal, SpendingLimitExceeded, PriceMissing, Busy),
    *(IdempotencyMismatch, IdempotencyKeyInUse, submission.PriceAboveShown),
)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def studio(request: MemberRequest, slug: str = modes.TEXT.slug) -> HttpResponse:
    """The form of one mode beside the member's latest runs; POST sends a job off.

    `?from=<generation>` and `?example=<name>` fill the form in; `?welcome` is the first visit.
    """
    mode = _mode(slug)
    if request.method == "POST":
        return _send(request, mode)
    if earlier := request.GET.get("from"):
        row = lookup_views.or_404(gallery.one, request, lookup_views.uuid_or_404(earlier))
        if row.model == mode.model and modes.of_input(row.model, row.input) != mode:
            proper = modes.of_input(row.model, row.input)
            return redirect(f"{reverse('studio', args=[proper.slug])}?from={row.pk}")
        filled = studio_requests.fresh(mode, row.input)
    else:
        filled = studio_requests.fresh(mode, _example(request, mode))
    # With a sound the price may have to wait for its server: then the form asks for it.
    has_to_wait = request.htmx or filled.request.get("audio")
    return _page(request, filled, line=None if has_to_wait else _price(request, filled))


def _example(request: MemberRequest, mode: Mode) -> dict[str, Any]:
    if "welcome" in request.GET:
        return studio_examples.first(mode, _samples_url())
    return studio_examples.values(mode, request.GET.get("example", ""), _samples_url())


def _send(request: MemberRequest, mode: Mode) -> HttpResponse:
    request.caller.require(Scope.GENERATIONS_WRITE)
    filled = forms.read(mode, request.POST)
    try:
        # Without JavaScript the files come with the form.
        filled.values.update(upload_views.taken(request, {"image", "audio"} & _names(mode)))
        if "show_price" in request.POST or "show_code" in request.POST:
            line = _price(request, filled)
            return _page(request, filled, line=line, with_code="show_code" in request.POST)
        accepted = _accept(request, filled)
    except submission.PriceAboveShown as error:  # the next sending accepts the price shown here
        shown = None if request.htmx else _price(request, filled)
        return _page(request, filled, error=error, line=shown)
    except _REFUSALS as error:
        return _page(request, filled, error=error)
    address = reverse("generation", args=[accepted.generation.pk])
    if request.htmx:
        return _sent(request, filled, accepted)
    if accepted.replayed:
        messages.info(request, "This form was sent before: here is the video that it made.")
    return redirect(address)


def _accept(request: MemberRequest, filled: Filled) -> submission.Accepted:
    """Raises: one of _REFUSALS."""
    filled.check()
    return submission.accept(
        request.caller,
        model=filled.mode.model,
        input=filled.request,
        metadata={},
        idempotency_key=f"studio-{_form_key(request.POST)}",
        most_micros=_shown_micros(request.POST),
    )


def _sent(request: MemberRequest, filled: Filled, accepted: submission.Accepted) -> HttpResponse:
    """For htmx: the new card on top of the others, and a fresh key for the form, which stays.

    A form that showed mistakes is drawn anew without them. A repeated answer brings all cards:
    nobody knows whether the first one arrived.
    """
    caller = request.caller
    if accepted.replayed:
        shown = runs.latest(caller.organization_id, request.user.pk)
    else:
        shown = [runs.one(caller.organization_id, accepted.generation.pk)]
    had_errors = "shown_errors" in request.POST
    context = {
        **_form_context(request, filled),
        "runs": shown,
        "replayed": accepted.replayed,
        "had_errors": had_errors,
        "may_write": True,
    }
    response = render(request, "partials/studio_sent.html", context)
    if not had_errors:
        reswap(response, "none")
    newest = {"run": f"run-{accepted.generation.pk}"}
    return trigger_client_event(response, "studio:sent", newest, after="settle")


def _page(
    request: MemberRequest,
    filled: Filled,
    *,
    error: DomainError | None = None,
    line: PriceLine | None = None,
    with_code: bool = False,
) -> HttpResponse:
    context = _form_context(request, filled, error=error)
    if request.htmx:  # a form with mistakes in the place of the one sent; or one filled in anew
        part = "form" if request.method == "POST" else "maker"
        return render(request, f"partials/studio_{part}.html", context, status=_status(error))
    shown = runs.latest(request.caller.organization_id, request.user.pk)
    context |= _price_context(request, line)
    context |= {
        "runs": shown,
        "is_live": any(run.is_live for run in shown),
        "examples": studio_examples.offered(_samples_url()),
        "is_welcome": "welcome" in request.GET,
    }
    if with_code:
        context |= _code_context(filled)
    return render(request, "generations/studio.html", context, status=_status(error))


def _form_context(
    request: MemberRequest, filled: Filled, *, error: DomainError | None = None
) -> dict[str, Any]:
    mode = filled.mode
    errors = error.errors if isinstance(error, InvalidParameters) else []
    errors = mode.in_words(errors)
    # A form whose key was used needs a new one; one that was refused keeps its own.
    keeps_key = error is not None and not isinstance(error, IdempotencyMismatch)
    return {
        "mode": mode,
        "modes": MODES.values(),
        "speech": filled.speech,
        "sections": studio_fields.sections(
            mode, filled.values, errors=errors, samples_url=_samples_url()
        ),
        "may_write": request.caller.may(Scope.GENERATIONS_WRITE),
        "form_key": _form_key(request.POST) if keeps_key else uuid.uuid4(),
        "error": error,
        "is_resent": isinstance(error, IdempotencyMismatch),
        "field_errors": [item for item in errors if item.field in _names(mode)],
        "other_errors": [item for item in errors if item.field not in _names(mode)],
        "overview": Overview(request.caller),
    }


def _price_context(request: MemberRequest, line: PriceLine | None) -> dict[str, Any]:
    """With a price comes the wallet, as fresh as it; the page's header shows the same one."""
    if line is None:
        return {"line": None}
    return {"line": line, "wallet": line.wallet, "overview": Overview(request.caller)}


def _code_context(filled: Filled) -> dict[str, Any]:
    samples = code_samples.of_generation(filled.mode.model, filled.spelled_out)
    return {"samples": samples, "lacks": filled.lacks}


@require_POST
@member_page
def studio_form(request: MemberRequest, slug: str) -> HttpResponse:
    """The tabs and the form of another mode, with what was typed as far as it has a place there."""
    mode = _mode(slug)
    before = MODES.get(request.POST.get("mode", ""), mode)
    filled = studio_requests.fresh(mode, forms.read(before, request.POST).values)
    return render(request, "partials/studio_maker.html", _form_context(request, filled))


@require_POST
@member_page
def studio_quote(request: MemberRequest, slug: str) -> HttpResponse:
    """The price of the form as it stands, for htmx: always a 200, also while it is unfinished."""
    filled = forms.read(_mode(slug), request.POST)
    line = _price(request, filled)
    return render(request, "partials/price_line.html", _price_context(request, line))


@require_POST
@member_page
def studio_code(request: MemberRequest, slug: str) -> HttpResponse:
    """The form as it stands, as a request of the API: for htmx."""
    filled = forms.read(_mode(slug), request.POST)
    return render(request, "partials/studio_code.html", _code_context(filled))


def _mode(slug: str) -> Mode:
    if slug not in MODES:
        raise Http404
    return MODES[slug]


def _price(request: MemberRequest, filled: Filled) -> PriceLine:
    return prices_shown.line(request.caller.organization_id, filled)


def _names(mode: Mode) -> set[str]:
    return {parameter.name for parameter in mode.parameters}


def _status(error: DomainError | None) -> int:
    match error:
        case None:
            return 200
        case LedgerRefusal() | SpendingLimitExceeded():
            return 402
    return 422


def _samples_url() -> str:
    return f"{settings.SANDBOX_URL}/samples" if settings.SANDBOX_URL else ""


def _shown_micros(posted: QueryDict) -> int | None:
    """The price that stood beside the form; None when there was none yet."""
    text = posted.get("shown_micros", "")
    return int(text) if _MICROS.fullmatch(text) else None


def _form_key(posted: QueryDict) -> uuid.UUID:
    """The form's own key; a form without one is its own first sending."""
    try:
        return uuid.UUID(posted.get("form_key", ""))
    except ValueError:
        return uuid.uuid4()
