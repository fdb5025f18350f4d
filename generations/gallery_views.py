"""The web's doors to the gallery and to one generation: parse, call one function, answer."""

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseStopPolling

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import gallery, lookup_views, submission
from generations.models import State
from generations.submission import CannotCancel

_LIVE_BATCH = 40
"""How many open cards the page asks after at once (templates/generations/gallery.html)."""


@require_safe
@member_page
def gallery_page(request: MemberRequest) -> HttpResponse:
    """One page of the gallery; `?before=<id>` continues it, and htmx gets the cards alone."""
    request.caller.require(Scope.GENERATIONS_READ)
    before = request.GET.get("before")
    page = gallery.page(
        request.caller.organization_id, before=lookup_views.uuid_or_404(before) if before else None
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
        row = lookup_views.or_404(gallery.one, request, generation_id)
        if gallery.version(row) == seen:
            return HttpResponse(status=204)
    story = lookup_views.or_404(gallery.story, request, generation_id)
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
    row = lookup_views.or_404(gallery.one, request, generation_id)
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


def _listed(query: QueryDict, name: str) -> list[str]:
    return [item for text in query.getlist(name) for item in text.split(",")]


def _uuids(texts: Sequence[str]) -> list[uuid.UUID | None]:
    """As many as there are texts, None for those that are no id."""
    return [lookup_views.uuid_or_none(text) for text in texts[: gallery.LIVE_AT_MOST]]
