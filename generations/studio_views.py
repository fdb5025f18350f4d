"""The web's doors to the Studio: parse, call one function, answer."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.errors import DomainError
from accounts.idempotency import IdempotencyMismatch
from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from billing.ledger import LedgerRefusal
from billing.models import Wallet
from billing.pricing import PriceMissing
from generations import forms, gallery, lookup_views, parameters, quoting, submission
from generations.models import VideoModel
from generations.parameters import InvalidParameters


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What the form says that a job will cost: a quote, or a quiet hint why there is none yet."""

    quote: quoting.Quote | None = None
    after_micros: int = 0
    hint: str = ""

    @property
    def missing_micros(self) -> int:
        """How much the wallet lacks; zero when it can pay."""
        return max(0, -self.after_micros)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The Studio is the front page; who is not logged in is sent on from there."""
    return redirect("studio")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def studio(request: MemberRequest, model: str = VideoModel.P_VIDEO) -> HttpResponse:
    """The form of one model; POST sends a job off and leads to it."""
    if model not in VideoModel.values:
        raise Http404
    if request.method != "POST":
        return _studio_page(request, model, _starting_values(request, model))
    request.caller.require(Scope.GENERATIONS_WRITE)
    values = forms.read(model, request.POST)
    if "show_price" in request.POST:  # the button that is there without JavaScript
        return _studio_page(request, model, values, line=_price_line(request, model))
    try:
        accepted = submission.accept(
            request.caller,
            model=model,
            input=values,
            metadata={},
            idempotency_key=f"studio-{_form_key(request.POST)}",
        )
    except (InvalidParameters, LedgerRefusal, PriceMissing, IdempotencyMismatch) as error:
        return _studio_page(request, model, values, error=error)
    if accepted.replayed:
        messages.info(request, "This form was sent before: here is the video that it made.")
    address = reverse("generation", args=[accepted.generation.pk])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _starting_values(request: MemberRequest, model: str) -> dict[str, Any]:
    """Defaults, or what `?from=<generation>` or `?example=<file>` asks for."""
    if earlier := request.GET.get("from"):
        generation = lookup_views.or_404(gallery.one, request, lookup_views.uuid_or_404(earlier))
        return forms.earlier_values(model, generation.input)
    example = forms.example_values(model, request.GET.get("example", ""), _samples_url())
    return forms.first_values(model) | example


def _studio_page(
    request: MemberRequest,
    model: str,
    values: dict[str, Any],
    *,
    error: DomainError | None = None,
    line: PriceLine | None = None,
) -> HttpResponse:
    field_errors = error.errors if isinstance(error, InvalidParameters) else []
    shown = {parameter.name for parameter in forms.offered(model)}
    # A form whose key was used for something else needs a new one; any other keeps its own.
    fresh_key = request.method != "POST" or isinstance(error, IdempotencyMismatch)
    context = {
        "model": model,
        "models": [(value, forms.MODEL_BLURBS[VideoModel(value)]) for value in VideoModel.values],
        "groups": forms.groups(model, values, errors=field_errors, samples_url=_samples_url()),
        "may_write": request.caller.may(Scope.GENERATIONS_WRITE),
        "form_key": uuid.uuid4() if fresh_key else _form_key(request.POST),
        "line": line,
        "error": error,
        "is_resent": isinstance(error, IdempotencyMismatch),
        "field_errors": [item for item in field_errors if item.field in shown],
        "other_errors": [item for item in field_errors if item.field not in shown],
    }
    template = "partials/studio_form.html" if request.htmx else "generations/studio.html"
    return render(request, template, context, status=_status(error))


def _status(error: DomainError | None) -> int:
    match error:
        case None:
            return 200
        case LedgerRefusal():
            return 402
    return 422


@require_POST
@member_page
def studio_quote(request: MemberRequest, model: str) -> HttpResponse:
    """The price of the form as it stands, for htmx: always a 200, also while it is unfinished."""
    if model not in VideoModel.values:
        raise Http404
    return render(request, "partials/price_line.html", {"line": _price_line(request, model)})


def _price_line(request: MemberRequest, model: str) -> PriceLine:
    values = forms.read_for_price(model, request.POST)
    organization_id = request.caller.organization_id
    try:
        params = parameters.validate(model, values)
        quote = quoting.quote(organization_id, model, params, fresh=False)
    except InvalidParameters as error:
        is_unfinished = any(item.code == "required" for item in error.errors)
        return PriceLine(hint="" if is_unfinished else error.message)
    except PriceMissing as error:
        return PriceLine(hint=error.message)
    available = Wallet.objects.get(pk=organization_id).available_micros
    return PriceLine(quote=quote, after_micros=available - quote.amount_micros)


def _samples_url() -> str:
    return f"{settings.SANDBOX_URL}/samples" if settings.SANDBOX_URL else ""


def _form_key(posted: QueryDict) -> uuid.UUID:
    """The form's own key; a form without one is its own first sending."""
    try:
        return uuid.UUID(posted.get("form_key", ""))
    except ValueError:
        return uuid.uuid4()
