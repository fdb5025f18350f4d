"""Every page of the site with something on it, for the tests and the screenshots of all of them."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse

from accounts import api_keys, invitations, sealing
from accounts.models import Organization, Role, User
from billing.models import TopUp
from generations.models import Generation
from tests.conftest import caller_for
from webhooks import endpoints, events
from webhooks.models import Delivery

OPEN = {
    "landing": "/",
    "login": reverse("account_login"),
    "signup": reverse("account_signup"),
    "password-reset": reverse("account_reset_password"),
    "api-docs": reverse("api_docs"),
    "problems": reverse("problems"),
    "not-found": "/nothing/here",
}
"""What strangers see."""


@dataclass(frozen=True, slots=True)
class Things:
    """What the pages of single things show."""

    generation: uuid.UUID
    key: uuid.UUID
    endpoint: uuid.UUID
    delivery: uuid.UUID
    invitation: str
    top_up: uuid.UUID | None


def furnish(owner: User, organization: Organization, shown: Generation) -> Things:
    """A key, a webhook endpoint with a delivery, and an invitation, beside the videos there are."""
    caller = caller_for(owner)
    key = api_keys.create(organization, name="Production server", created_by=owner)[0]
    endpoint, _ = endpoints.create(
        caller, url="https://hooks.example.com/pvideo", description="Production"
    )
    events.record(
        organization_id=organization.pk,
        type="generation.completed",
        data={"id": str(shown.pk), "status": "completed"},
        dedup_key="every-page",
    )
    with transaction.atomic():
        invited = invitations.invite(caller, email="dana@example.com", role=Role.MEMBER)
    token = sealing.unseal(invited.token_sealed, purpose=invitations.PURPOSE).decode()
    top_up = TopUp.objects.filter(organization=organization).first()
    return Things(
        generation=shown.pk,
        key=key.pk,
        endpoint=endpoint.pk,
        delivery=Delivery.objects.get(endpoint=endpoint).pk,
        invitation=token,
        top_up=top_up.pk if top_up else None,
    )


def of_owner(things: Things) -> dict[str, str]:
    """Each page's address by its name, as the owner sees them."""
    one = [things.generation]
    found = {
        "studio": reverse("studio"),
        "studio-avatar": reverse("studio", args=["p-video-avatar"]),
        "gallery": reverse("gallery"),
        "generation": reverse("generation", args=one),
        "billing": reverse("billing"),
        "statement": reverse("statement"),
        "top-ups": reverse("top_ups"),
        "usage": reverse("usage"),
        "api-keys": reverse("api_keys"),
        "api-key-rotate": reverse("rotate_api_key", args=[things.key]),
        "api-key-revoke": reverse("revoke_api_key", args=[things.key]),
        "webhooks": reverse("webhooks"),
        "webhook-new": reverse("webhooks_new"),
        "webhook-endpoint": reverse("webhooks_endpoint", args=[things.endpoint]),
        "webhook-deliveries": reverse("webhooks_deliveries"),
        "webhook-delivery": reverse("webhooks_delivery", args=[things.delivery]),
        "team": reverse("team"),
        "settings": reverse("settings"),
        "settings-media": reverse("settings_media"),
        "settings-notifications": reverse("settings_notifications"),
        "settings-audit": reverse("settings_audit"),
        "settings-delete": reverse("settings_delete"),
        "organization-new": reverse("organization_new"),
        "account": reverse("account_settings"),
        "account-email": reverse("account_email"),
        "account-password": reverse("account_change_password"),
        "account-security": reverse("mfa_index"),
        "account-sessions": reverse("usersessions_list"),
        "account-delete": reverse("delete_account"),
        "invitation": reverse("invitation", args=[things.invitation]),
        "not-found-signed-in": "/gallery/nothing",
    }
    if things.top_up:
        found["top-up"] = reverse("top_up", args=[things.top_up])
    return found
