"""The web's doors to the gallery: parse, call one function, answer."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import finding, gallery, lookup_views, undo_views
from generations.gallery_forms import GalleryForm, address

_LIVE_BATCH = 40
"""How many open cards the page asks after at once (templates/partials/gallery_poller.html)."""
_PARTS = {
    "cards": "partials/gallery_page.html",
    "results": "partials/gallery_results.html",
    "gallery": "partials/gallery.html",
}
"""What htmx gets, by the element that it fills."""


@require_safe
@member_page
def gallery_page(request: MemberRequest) -> HttpResponse:
    """One page of the gallery; `?before=<id>` and `?after=<id>` go on, filters stay with them."""
    request.caller.require(Scope.GENERATIONS_READ)
    organization_id = request.caller.organization_id
    before, after = (_id_or_404(request.GET, name) for name in ("before", "after"))
    form = GalleryForm(request.GET, makers=gallery.makers(organization_id))
    context: dict[str, Any] = {
        "form": form,
        "may_write": request.caller.may(Scope.GENERATIONS_WRITE),
        "undo": undo_views.offered(request),
    }
    template = _PARTS.get(request.htmx.target or "", "") or "generations/gallery.html"
    if not form.is_valid():
        form.show_as_typed()
        return render(request, template, context, status=422)
    if before:
        after = None
    page = gallery.page(organization_id, form.wanted, before=before, after=after)
    here: dict[str, Any] = {"before": before, "after": after}
    context |= _addresses(form, page, is_first=not (before or after))
    context["page_url"] = address(form.query, **here)
    context["back"] = lookup_views.back(form.query, here)
    return render(request, template, context | {"page": page})


def _addresses(form: GalleryForm, page: gallery.Page, *, is_first: bool) -> dict[str, Any]:
    """Where the page's links lead, all with the filters kept."""
    query: dict[str, Any] = form.query
    down, up = ("before", "after") if form.wanted.order == finding.NEWEST else ("after", "before")
    first, last = (page.rows[0].pk, page.rows[-1].pk) if page.rows else (None, None)
    follows = is_first and form.wanted.order == finding.NEWEST
    return {
        "is_first": is_first,
        "is_filtered": bool(form.chips),
        "query": query,
        "card_query": lookup_views.suffix(query),
        "first_url": address(query),
        "clear_url": address({"order": query["order"]} if "order" in query else {}),
        "next_url": address({**query, down: last}) if page.has_next else "",
        "previous_url": address({**query, up: first}) if page.has_previous else "",
        "news_url": address(query, "gallery_news", than=first or uuid.UUID(int=0))
        if follows
        else "",
        "live_url": address(query, "gallery_live"),
    }


@require_safe
@member_page
def gallery_live(request: MemberRequest) -> HttpResponse:
    """What has changed among the cards asked after, as out-of-band swaps.

    `ids` names cards (repeated, or separated by commas), `seen` what each showed, in the same
    order (none: all have changed); filters are kept in the cards' links. Answers 204 when nothing
    has changed, and 286, which ends htmx's polling, when none of them can change any more.
    """
    request.caller.require(Scope.GENERATIONS_READ)
    ids = _uuids(_listed(request.GET, "ids"))
    seen = dict(zip(ids, _listed(request.GET, "seen"), strict=False))
    rows = gallery.some(request.caller.organization_id, [one for one in ids if one])
    changed = [row for row in rows if seen.get(row.pk) != gallery.card_version(row)]
    is_over = len(ids) < _LIVE_BATCH and not any(gallery.is_card_live(row) for row in rows)
    if not changed:
        return HttpResponseStopPolling() if is_over else HttpResponse(status=204)
    form = GalleryForm(request.GET)
    context = {
        "changed": changed,
        "card_query": lookup_views.suffix(form.query) if form.is_valid() else "",
    }
    response = render(request, "partials/gallery_live.html", context)
    if is_over:
        response.status_code = HttpResponseStopPolling.status_code
    return response


@require_safe
@member_page
def gallery_news(request: MemberRequest) -> HttpResponse:
    """Whether the filters leave any that are newer than `than`: a link to them, or 204."""
    request.caller.require(Scope.GENERATIONS_READ)
    than = _id_or_404(request.GET, "than")
    form = GalleryForm(request.GET)
    if than is None or not form.is_valid():
        return HttpResponse(status=204)
    count = gallery.newer(request.caller.organization_id, form.wanted, than)
    if not count:
        return HttpResponse(status=204)
    context = {
        "count": count,
        "is_more": count == gallery.PAGE_SIZE,
        "first_url": address(form.query),
        "news_url": request.get_full_path(),
    }
    return render(request, "partials/gallery_news.html", context)


def _id_or_404(query: QueryDict, name: str) -> uuid.UUID | None:
    text = query.get(name)
    return lookup_views.uuid_or_404(text) if text else None


def _listed(query: QueryDict, name: str) -> list[str]:
    return [item for text in query.getlist(name) for item in text.split(",")]


def _uuids(texts: Sequence[str]) -> list[uuid.UUID | None]:
    """As many as there are texts, None for those that are no id."""
    return [lookup_views.uuid_or_none(text) for text in texts[: gallery.LIVE_AT_MOST]]
