"""The admin's page "Send again": a delivery once more, as the customer could ask for himself."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.errors import DomainError
from backoffice import acts
from backoffice.act_views import act_page
from webhooks import replaying
from webhooks.models import OPEN_STATES, Delivery


def replay_view(admin: Any, request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Needs the permission `webhooks.replay_delivery`."""
    delivery = get_object_or_404(Delivery.objects.select_related("endpoint"), pk=delivery_id)

    def do(form: Any) -> str:
        again = replaying.one(delivery.organization_id, delivery.pk)
        acts.record(
            "send_webhook_again",
            delivery,
            organization_id=delivery.organization_id,
            reason=form.cleaned_data["reason"],
            before={"state": delivery.state},
            after={"delivery": str(again.pk)},
        )
        return f"It is being sent again, as delivery {again.pk}."

    return act_page(
        admin,
        request,
        delivery,
        permission="webhooks.replay_delivery",
        title="Send again",
        says=["The customer gets the same event once more, with the same id and body."],
        button="Send again",
        do=do,
        refusals=DomainError,
        possible=delivery.state not in OPEN_STATES,
    )
