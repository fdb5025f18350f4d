"""The doors to shared videos: making and revoking a link, and the page of those who follow it."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import gallery, lookup_views, sharing
from generations.media_views import CONTENT_TYPES
from generations.ranged import ranged_response
from generations.share_models import ShareLink

FILES = {"video.mp4": "video", "poster.jpg": "poster"}
_S3_LINK_SECONDS = 300


@require_POST
@member_page
def share(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Make the generation's link, or change what its page shows."""
    generation = lookup_views.or_404(gallery.one, request, generation_id)
    request.caller.require(Scope.GENERATIONS_WRITE)
    before, shows_prompt = sharing.active(generation), "prompt" in request.POST
    try:
        sharing.share(request.caller, generation_id, shows_prompt=shows_prompt)
    except gallery.NoContentYet as error:
        return _answer(request, generation_id, error.message, level="error")
    if before is None:
        return _answer(request, generation_id, "Anyone with the link can watch this video now.")
    what = "shows the prompt now" if shows_prompt else "does not show the prompt any more"
    return _answer(request, generation_id, f"The shared page {what}.")


@require_POST
@member_page
def unshare(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Revoke the generation's link."""
    lookup_views.or_404(gallery.one, request, generation_id)
    request.caller.require(Scope.GENERATIONS_WRITE)
    sharing.revoke(request.caller, generation_id)
    return _answer(request, generation_id, "The link no longer works.")


def _answer(
    request: MemberRequest, generation_id: uuid.UUID, text: str, *, level: str = "success"
) -> HttpResponse:
    if not request.htmx:
        messages.add_message(
            request, messages.ERROR if level == "error" else messages.SUCCESS, text
        )
        return redirect("generation", generation_id)
    generation = lookup_views.or_404(gallery.one, request, generation_id)
    response = render(request, "partials/share_live.html", panel(request, generation))
    return trigger_client_event(response, "toast", {"text": text, "level": level})


def panel(request: MemberRequest, generation: Any) -> dict[str, Any]:
    """What partials/share.html needs."""
    link = sharing.active(generation) if gallery.has_media(generation) else None
    return {
        "generation": generation,
        "share_link": link,
        "share_url": sharing.url(link) if link else "",
        "may_write": request.caller.may(Scope.GENERATIONS_WRITE),
    }


# --- Visitors -------------------------------------------------------------------------------


def _by_token[**P](
    view: Callable[Concatenate[HttpRequest, ShareLink, P], HttpResponseBase | None],
) -> Callable[..., HttpResponseBase]:
    """Look the token up at each request, so that a revoked link ends at once, files and all.

    Whatever does not work gets the same answer. Nothing is kept by caches or by search engines.
    """

    @require_safe
    @wraps(view)
    def guarded(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        link = sharing.shared(token)
        response = view(request, link, *args, **kwargs) if link else None
        if response is None:
            response = render(request, "generations/share_gone.html", status=404)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


@_by_token
def shared(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The page of a shared video: of its maker it says nothing."""
    path = request.path
    files = {name: settings.PUBLIC_BASE_URL + path + file for file, name in FILES.items()}
    context = {
        "generation": link.generation,
        "media": link.generation.media,
        "shows_prompt": link.shows_prompt,
        "page_url": settings.PUBLIC_BASE_URL + path,
        "video_url": files["video"],
        "poster_url": files["poster"] if link.generation.media.poster else "",
    }
    return render(request, "generations/share.html", context)


@_by_token
def shared_file(request: HttpRequest, link: ShareLink, file_name: str) -> HttpResponseBase | None:
    """Its video or poster, as itself; from S3 by a link of a few minutes."""
    field = FILES.get(file_name)
    file = cast(FieldFile, getattr(link.generation.media, field)) if field else None
    if field is None or not file:
        return None
    if settings.MEDIA_S3_BUCKET:
        storage: Any = default_storage
        return HttpResponseRedirect(str(storage.url(file.name, expire=_S3_LINK_SECONDS)))
    if not default_storage.exists(str(file.name)):
        return None
    response = ranged_response(
        request,
        file.open("rb"),
        size=file.size,
        content_type=CONTENT_TYPES[field],
        etag=f'"{link.generation_id}-{field}"',
    )
    response.headers["Cache-Control"] = "private, no-cache"  # kept, but asked after each time
    return response
