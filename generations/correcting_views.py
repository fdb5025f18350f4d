"""The admin's pages that act on one generation."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.errors import DomainError
from accounts.models import User
from backoffice.act_views import act_page
from billing import money
from generations import correcting
from generations.models import Generation

ACTS = {
    "ask": "generations.ask_provider",
    "release": "generations.release_hold",
    "refund": "generations.refund_generation",
}
"""What may be done, and the permission that it needs."""


def correct_view(
    admin: Any, request: HttpRequest, generation_id: uuid.UUID, act: str
) -> HttpResponse:
    """One of ACTS, with a reason."""
    if act not in ACTS:
        raise Http404
    generation = get_object_or_404(Generation.objects.select_related("price"), pk=generation_id)
    cost = money.display(generation.charged_micros or 0)
    held = money.display(generation.quoted_micros)
    pages: dict[str, dict[str, Any]] = {
        "ask": {
            "title": "Ask Pixazo now",
            "says": ["The worker asks Pixazo how this stands, and moves it as the answer says."],
            "button": "Ask now",
            "possible": correcting.may_ask(generation),
        },
        "release": {
            "title": "Release the hold",
            "says": [
                f"It ends as expired, and {held} that is held for it is free again.",
                "Should Pixazo complete it later, the customer gets the video and we pay for it.",
            ],
            "button": "Release the hold",
            "possible": correcting.may_release(generation),
            "danger": True,
        },
        "refund": {
            "title": "Give back what it cost",
            "says": [f"{cost} goes back to the wallet, as an entry. The video stays."],
            "button": f"Give back {cost}",
            "possible": correcting.may_refund(generation),
        },
    }

    def do(form: Any) -> str:
        reason = form.cleaned_data["reason"]
        assert isinstance(request.user, User)
        if act == "ask":
            correcting.ask_now(generation, reason=reason)
            return "Pixazo is being asked."
        if act == "release":
            correcting.release(generation, reason=reason)
            return "The hold is released."
        returned = correcting.refund(generation, reason=reason, made_by=request.user)
        return f"{money.display(returned)} went back."

    return act_page(
        admin,
        request,
        generation,
        permission=ACTS[act],
        do=do,
        refusals=DomainError,
        **pages[act],
    )
