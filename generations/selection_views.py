"""The doors for several generations at once: one archive of their videos, or deleting them."""

import uuid
from typing import Any, cast

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import deletion, gallery, lookup_views, titles, undo_views, zipping
from generations.models import Generation

AT_MOST = gallery.LIVE_AT_MOST
"""How many may be selected at once."""


@require_POST
@member_page
def download(request: MemberRequest) -> HttpResponse:
    """The selected videos as one ZIP archive, sent while it is made; back without any."""
    request.caller.require(Scope.GENERATIONS_READ)
    rows = [row for row in _selected(request, request.POST) if gallery.has_media(row)]
    if not rows or len(_picked(request.POST)) > AT_MOST:
        messages.error(
            request,
            f"At most {AT_MOST} videos can be downloaded at once."
            if rows
            else "There is nothing to download: none of these has a video.",
        )
        return redirect(lookup_views.gallery_again(request.POST.get("back", "")))
    name = f"pvideo-{timezone.now():%Y-%m-%d}-{len(rows)}-videos.zip"
    response = StreamingHttpResponse(
        zipping.stream([_member(row) for row in rows]),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, response)


def _member(row: Generation) -> zipping.Member:
    name = str(row.media.video.name)
    return zipping.Member(
        titles.file_name(row), row.created_at, lambda: default_storage.open(name, "rb")
    )


@require_http_methods(["GET", "POST"])
@member_page
def delete(request: MemberRequest) -> HttpResponse:
    """Ask, showing what would go, and then delete it: `pick` names it.

    The gallery posts its selection here as well, to be asked: only `confirmed` deletes. `one` says
    that a generation's own page asks.
    """
    request.caller.require(Scope.GENERATIONS_WRITE)
    given = request.POST if request.method == "POST" else request.GET
    rows = _selected(request, given)
    back = lookup_views.gallery_again(given.get("back", ""))
    if not rows:
        messages.error(request, "There is nothing to delete.")
        return redirect(back)
    ended = [row for row in rows if not row.is_open]
    if "confirmed" not in request.POST:
        context: dict[str, Any] = {
            "ended": ended,
            "left_out": len(rows) - len(ended),
            "back": given.get("back", ""),
            "keep_url": _page_of(rows[0], given) if "one" in given else back,
            "minutes": int(deletion.UNDO.total_seconds() // 60),
        }
        return render(request, "generations/delete.html", context)
    deleted = deletion.hide(request.caller, [row.pk for row in ended])
    if deleted:
        undo_views.remember(request, deleted)
    else:
        messages.error(request, "A video can be deleted once it has ended.")
    return redirect(back)


def _selected(request: MemberRequest, given: QueryDict) -> list[Generation]:
    """The organization's among `pick` (repeated, or separated by commas), newest first."""
    found = [lookup_views.uuid_or_none(text) for text in _picked(given)[:AT_MOST]]
    ids: list[uuid.UUID] = [one for one in found if one]
    rows = gallery.some(request.caller.organization_id, ids)
    return sorted(rows, key=lambda row: row.pk, reverse=True)


def _picked(given: QueryDict) -> list[str]:
    return [item for text in given.getlist("pick") for item in text.split(",")]


def _page_of(row: Generation, given: QueryDict) -> str:
    query = lookup_views.gallery_again(given.get("back", "")).partition("?")[2]
    return reverse("generation", args=[row.pk]) + (f"?{query}" if query else "")
