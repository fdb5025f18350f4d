"""Taking a deletion back: which one, the person's own session remembers."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import deletion, lookup_views

_KEY = "gallery_undo"
OFFERED_SECONDS = 120
"""How long the gallery offers it; what was deleted can be restored for longer."""


def remember(request: MemberRequest, deleted: Sequence[uuid.UUID]) -> None:
    """Args: deleted: what this person has just deleted."""
    request.session[_KEY] = {
        "organization": str(request.caller.organization_id),
        "ids": [str(one) for one in deleted],
        "at": time.time(),
    }


def offered(request: MemberRequest) -> int:
    """How many the page shall offer to restore: zero when the last deletion is a while ago."""
    kept = _kept(request)
    return len(kept["ids"]) if time.time() - kept["at"] < OFFERED_SECONDS else 0


def _kept(request: MemberRequest) -> dict[str, Any]:
    kept: dict[str, Any] = request.session.get(_KEY) or {}
    is_own = kept.get("organization") == str(request.caller.organization_id)
    return kept if is_own else {"ids": [], "at": 0.0}


@require_POST
@member_page
def restore(request: MemberRequest) -> HttpResponse:
    """Undo this person's last deletion."""
    request.caller.require(Scope.GENERATIONS_WRITE)
    ids = [found for one in _kept(request)["ids"] if (found := lookup_views.uuid_or_none(one))]
    restored = deletion.restore(request.caller, ids)
    request.session.pop(_KEY, None)
    if restored:
        messages.success(request, f"Restored {lookup_views.videos(restored)}.")
    else:
        messages.error(request, "It is too late to restore this.")
    return redirect(lookup_views.gallery_again(request.POST.get("back", "")))
