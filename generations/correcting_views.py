"""The admin's pages that act on one generation."""

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.errors import DomainError
from accounts.models import User
from backoffice import approvals
from backoffice.act_views import act_page
from billing import money
from generations import correcting
from generations.models import Generation

ACTS = {
    "ask": "generations.ask_provider",
    "release": "generations.release_hold",
    "refund": "generations.refund_generation",
    "fetch": "generations.fetch_media",
    "tell": "webhooks.replay_delivery",
}
"""What may be done, and the permission that it needs."""


def correct_view(
    admin: Any, request: HttpRequest, generation_id: uuid.UUID, act: str
) -> HttpResponse:
    """One of ACTS, with a reason."""
    if act not in ACTS:
        raise Http404
    generation = get_object_or_404(Generation.objects.select_related("price"), pk=generation_id)

    def do(form: Any) -> str:
        assert isinstance(request.user, User)
        return _do(act, generation, form.cleaned_data["reason"], request.user)

    return act_page(
        admin,
        request,
        generation,
        permission=ACTS[act],
        do=do,
        refusals=DomainError,
        **_page(act, generation),
    )


def offered(request: HttpRequest, generation: Generation) -> list[tuple[str, str]]:
    """The acts that this state allows to whoever asks: title and name."""
    possible = {
        "ask": ("Ask Pixazo now", correcting.may_ask(generation)),
        "release": ("Release the hold", correcting.may_release(generation)),
        "refund": ("Give back what it cost", correcting.may_refund(generation)),
        "fetch": ("Fetch the file again", correcting.may_fetch(generation)),
        "tell": ("Send its webhooks again", correcting.may_tell(generation)),
    }
    return [
        (title, act)
        for act, (title, is_possible) in possible.items()
        if is_possible and request.user.has_perm(ACTS[act])
    ]


def _do(act: str, generation: Generation, reason: str, user: User) -> str:
    """What to tell of it."""
    if act == "ask":
        correcting.ask_now(generation, reason=reason)
        return "Pixazo is being asked."
    if act == "release":
        correcting.release(generation, reason=reason)
        return "The hold is released."
    if act == "fetch":
        correcting.fetch_again(generation, reason=reason)
        return "The file is being fetched."
    if act == "tell":
        count = correcting.tell_again(generation, reason=reason)
        return f"{count} {'delivery is' if count == 1 else 'deliveries are'} being sent again."
    if approvals.needed(generation.charged_micros or 0):
        correcting.ask_to_refund(generation, reason=reason, asked_by=user)
        return "It waits for a second person of finance. Nothing was moved yet."
    returned = correcting.refund(generation, reason=reason, made_by=user)
    return f"{money.display(returned)} went back."


def _page(act: str, generation: Generation) -> dict[str, Any]:
    cost = money.display(generation.charged_micros or 0)
    large = approvals.needed(generation.charged_micros or 0)
    limit = money.display(settings.STAFF_APPROVAL_ABOVE_MICROS)
    waits = large and act == "refund" and approvals.waiting(correcting.REFUND, generation)
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
            "says": [
                f"{cost} goes back to the wallet, as an entry. The video stays.",
                *([f"Above {limit} a second person has to approve."] if large else []),
                *(["It waits for one already: see Approvals."] if waits else []),
            ],
            "button": "Ask for approval" if large else f"Give back {cost}",
            "possible": correcting.may_refund(generation),
        },
        "fetch": {
            "title": "Fetch the file again",
            "says": [
                "The worker fetches the finished file from Pixazo, with as many tries as at first.",
                "What it was charged stays as it is.",
            ],
            "button": "Fetch the file",
            "possible": correcting.may_fetch(generation),
        },
        "tell": {
            "title": "Send its webhooks again",
            "says": [
                "Each address that was told of it gets the same events once more, with the same "
                "ids and bodies.",
            ],
            "button": "Send again",
            "possible": correcting.may_tell(generation),
        },
    }
    return pages[act]


approvals.register(
    approvals.Kind(
        act=correcting.REFUND,
        noun="generation_refund",
        asks="to give back what a video cost,",
        permission=ACTS["refund"],
        row=lambda approval: Generation.objects.get(pk=approval.subject_id),
        do=correcting.refund_approved,
        finish=lambda approval: "Approved, and given back.",
    )
)
