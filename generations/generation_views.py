"""The web's doors to one generation: its page, what changes on it, and calling it off."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import gallery, lookup_views, share_views, submission
from generations.gallery_forms import GalleryForm, address
from generations.models import State
from generations.submission import CannotCancel


@require_safe
@member_page
def generation(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """One generation: player, cost, story. Someone else's is a 404.

    The gallery's filters in its address say what stands before and after it.
    """
    request.caller.require(Scope.GENERATIONS_READ)
    context = _context(request, generation_id)
    return render(request, "generations/generation.html", context | _way(request, generation_id))


@require_safe
@member_page
def generation_live(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The page's changing part, or 204 while it is still what `seen` says."""
    request.caller.require(Scope.GENERATIONS_READ)
    if seen := request.GET.get("seen"):
        row = lookup_views.or_404(gallery.one, request, generation_id)
        if gallery.version(row) == seen:
            return HttpResponse(status=204)
    return render(request, "partials/generation_live.html", _context(request, generation_id))


def _context(request: MemberRequest, generation_id: uuid.UUID) -> dict[str, Any]:
    story = lookup_views.or_404(gallery.story, request, generation_id)
    row, may_write = story.generation, request.caller.may(Scope.GENERATIONS_WRITE)
    return {
        **share_views.panel(request, row),
        "story": story,
        "is_live": gallery.is_live(row),
        "version": gallery.version(row),
        "may_write": may_write,
        "may_cancel": may_write and row.state == State.QUEUED,
        "may_delete": may_write and not row.is_open,
        "again_url": f"{reverse('studio', args=[row.model])}?from={row.pk}",
    }


def _way(request: MemberRequest, generation_id: uuid.UUID) -> dict[str, Any]:
    """Back to the gallery, and on to the next in its order."""
    form = GalleryForm(request.GET)
    if not form.is_valid():
        form = GalleryForm({})
        form.is_valid()
    beside = gallery.beside(request.caller.organization_id, form.wanted, generation_id)
    suffix = lookup_views.suffix(form.query)
    previous_url, next_url = (one and reverse("generation", args=[one]) + suffix for one in beside)
    return {
        "gallery_url": address(form.query),
        "back": lookup_views.back(form.query),
        "previous_url": previous_url,
        "next_url": next_url,
    }


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
