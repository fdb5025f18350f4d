"""The web's doors to the Studio and the gallery: parse, call one function, answer."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

from accounts.errors import DomainError
from accounts.idempotency import IdempotencyMismatch
from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from billing.ledger import LedgerRefusal
from billing.models import Wallet
from billing.pricing import PriceMissing
from generations import forms, gallery, parameters, quoting, submission
from generations.models import State, VideoModel
from generations.parameters import InvalidParameters
from generations.submission import CannotCancel, GenerationMissing

_LIVE_BATCH = 40
"""How many open cards the page asks after at once (templates/generations/gallery.html)."""


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
        generation = _or_404(gallery.one, request, _uuid_or_404(earlier))
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


@require_safe
@member_page
def gallery_page(request: MemberRequest) -> HttpResponse:
    """One page of the gallery; `?before=<id>` continues it, and htmx gets the cards alone."""
    request.caller.require(Scope.GENERATIONS_READ)
    before = request.GET.get("before")
    page = gallery.page(
        request.caller.organization_id, before=_uuid_or_404(before) if before else None
    )
    context = {"page": page, "is_first": before is None}
    template = "partials/gallery_page.html" if request.htmx else "generations/gallery.html"
    return render(request, template, context)


@require_safe
@member_page
def gallery_live(request: MemberRequest) -> HttpResponse:
    """What has changed among the cards asked after, as out-of-band swaps.

    `ids` names cards (repeated, or separated by commas), `seen` what each showed, in the same
    order (none: all have changed). Answers 204 when nothing has changed, and 286, which ends
    htmx's polling, when none of them can change any more.
    """
    request.caller.require(Scope.GENERATIONS_READ)
    ids = _uuids(_listed(request.GET, "ids"))
    seen = dict(zip(ids, _listed(request.GET, "seen"), strict=False))
    rows = gallery.some(request.caller.organization_id, [one for one in ids if one])
    changed = [row for row in rows if seen.get(row.pk) != gallery.card_version(row)]
    is_over = len(ids) < _LIVE_BATCH and not any(gallery.is_card_live(row) for row in rows)
    if not changed:
        return HttpResponseStopPolling() if is_over else HttpResponse(status=204)
    response = render(request, "partials/gallery_live.html", {"changed": changed})
    if is_over:
        response.status_code = HttpResponseStopPolling.status_code
    return response


@require_safe
@member_page
def generation(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """One generation: player, cost, story. Someone else's is a 404."""
    return _generation_page(request, generation_id, "generations/generation.html")


@require_safe
@member_page
def generation_live(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The page's changing part, or 204 while it is still what `seen` says."""
    return _generation_page(request, generation_id, "partials/generation_live.html")


def _generation_page(
    request: MemberRequest, generation_id: uuid.UUID, template: str
) -> HttpResponse:
    request.caller.require(Scope.GENERATIONS_READ)
    if seen := request.GET.get("seen"):
        row = _or_404(gallery.one, request, generation_id)
        if gallery.version(row) == seen:
            return HttpResponse(status=204)
    story = _or_404(gallery.story, request, generation_id)
    context = {
        "story": story,
        "generation": story.generation,
        "is_live": gallery.is_live(story.generation),
        "version": gallery.version(story.generation),
        "may_write": request.caller.may(Scope.GENERATIONS_WRITE),
        "may_cancel": story.generation.state == State.QUEUED
        and request.caller.may(Scope.GENERATIONS_WRITE),
    }
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@member_page
def cancel(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Ask, then call a waiting job off."""
    row = _or_404(gallery.one, request, generation_id)
    request.caller.require(Scope.GENERATIONS_WRITE)
    if request.method == "GET":
        return render(request, "generations/cancel.html", {"generation": row})
    try:
        submission.cancel(request.caller, generation_id)
    except CannotCancel as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Canceled. What was held for it is available again.")
    return redirect("generation", generation_id)


def _or_404[T](
    ask: Callable[[uuid.UUID, uuid.UUID], T], request: MemberRequest, generation_id: uuid.UUID
) -> T:
    try:
        return ask(request.caller.organization_id, generation_id)
    except GenerationMissing as error:
        raise Http404(error.message) from error


def _samples_url() -> str:
    return f"{settings.SANDBOX_URL}/samples" if settings.SANDBOX_URL else ""


def _form_key(posted: QueryDict) -> uuid.UUID:
    """The form's own key; a form without one is its own first sending."""
    try:
        return uuid.UUID(posted.get("form_key", ""))
    except ValueError:
        return uuid.uuid4()


def _uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _listed(query: QueryDict, name: str) -> list[str]:
    return [item for text in query.getlist(name) for item in text.split(",")]


def _uuids(texts: Sequence[str]) -> list[uuid.UUID | None]:
    """As many as there are texts, None for those that are no id."""
    return [_uuid_or_none(text) for text in texts[: gallery.LIVE_AT_MOST]]


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
