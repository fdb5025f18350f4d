"""The admin's page "Work on it again": one of Stripe's events, from its recorded row."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.errors import DomainError
from backoffice import acts
from backoffice.act_views import act_page
from billing.models import EventState, PaymentEvent
from billing.work import EVENTS


def event_replay_view(admin: Any, request: HttpRequest, event_id: str) -> HttpResponse:
    """Needs the permission `billing.replay_paymentevent`. Working twice moves nothing twice."""
    event = get_object_or_404(PaymentEvent, pk=event_id)

    def do(form: Any) -> str:
        PaymentEvent.objects.filter(pk=event.pk).update(
            state=EventState.PENDING, next_attempt_at=timezone.now(), done_at=None
        )
        acts.record(
            "work_on_event_again",
            event,
            organization_id=None,
            reason=form.cleaned_data["reason"],
            before={"state": event.state, "note": event.note},
            after={"state": str(EventState.PENDING)},
        )
        EVENTS.nudge()
        return "The worker takes it up again."

    return act_page(
        admin,
        request,
        event,
        permission="billing.replay_paymentevent",
        title="Work on it again",
        says=["Stripe is asked about the object that it names; whatever is missing is done."],
        button="Work on it again",
        do=do,
        refusals=DomainError,
    )
