"""The web's doors to the Studio's runs: what has changed, and calling one off."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling, trigger_client_event

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import gallery, lookup_views, runs, submission
from generations.submission import CannotCancel


@require_safe
@member_page
def studio_live(request: MemberRequest) -> HttpResponse:
    """What has changed among the runs asked after, as out-of-band swaps.

    `ids` names runs, `seen` what each showed, in the same order. Answers 204 when nothing has
    changed, and 286, which ends htmx's polling, when none of them can change any more.
    """
    request.caller.require(Scope.GENERATIONS_READ)
    ids = _uuids(request.GET)
    seen = dict(zip(ids, request.GET.getlist("seen"), strict=False))
    found = runs.some(request.caller.organization_id, [one for one in ids if one])
    changed = [run for run in found if seen.get(run.generation.pk) != run.version]
    is_over = not any(run.is_live for run in found)
    if not changed:
        return HttpResponseStopPolling() if is_over else HttpResponse(status=204)
    response = _cards(request, changed)
    if is_over:
        response.status_code = HttpResponseStopPolling.status_code
    return response


@require_POST
@member_page
def cancel_run(request: MemberRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Call a queued run off; its card says what has become of it."""
    lookup_views.or_404(gallery.one, request, generation_id)
    request.caller.require(Scope.GENERATIONS_WRITE)
    try:
        submission.cancel(request.caller, generation_id)
        text, level = "Canceled. What was held for it is available again.", "success"
    except CannotCancel as error:
        text, level = error.message, "warning"
    if not request.htmx:
        messages.add_message(request, getattr(messages, level.upper()), text)
        return redirect("studio")
    run = runs.one(request.caller.organization_id, generation_id)
    response = _cards(request, [run])
    return trigger_client_event(response, "toast", {"text": text, "level": level})


def _cards(request: MemberRequest, changed: list[runs.Run]) -> HttpResponse:
    context = {"runs": changed, "may_write": request.caller.may(Scope.GENERATIONS_WRITE)}
    return render(request, "partials/studio_live.html", context)


def _uuids(query: QueryDict) -> list[uuid.UUID | None]:
    """As many as there are texts, None for those that are no id."""
    return [lookup_views.uuid_or_none(t) for t in query.getlist("ids")[: gallery.LIVE_AT_MOST]]
