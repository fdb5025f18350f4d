"""Customers' endpoints: made, changed, switched off, and their secrets.

Every look-up starts from the caller's organization: someone else's endpoint does not exist.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.errors import DomainError, FieldError, InvalidParameters
from accounts.models import Act, Organization, new_id
from outbound.public_urls import UrlNotAllowed
from webhooks import events, sealing, signing, targets
from webhooks.catalogue import ALL, SUBSCRIBABLE, EventType
from webhooks.models import Delivery, DeliveryState, DisabledReason, Endpoint, Event, Notice
from webhooks.work import DELIVER

OVERLAP_SECONDS = 24 * 3600
MAX_OVERLAP_SECONDS = 7 * 24 * 3600
PING_MESSAGE = "Hello from PVideo."


class EndpointMissing(DomainError):
    code = "not_found"


class TooManyEndpoints(DomainError):
    code = "too_many_endpoints"


class EndpointDisabled(DomainError):
    code = "endpoint_disabled"


def of(organization_id: uuid.UUID) -> QuerySet[Endpoint]:
    """An organization's endpoints, without those that were deleted."""
    return Endpoint.objects.filter(organization_id=organization_id, deleted_at=None)


def one(organization_id: uuid.UUID, endpoint_id: uuid.UUID) -> Endpoint:
    """Raises: EndpointMissing."""
    return _found(of(organization_id), endpoint_id)


@transaction.atomic
def create(
    caller: Caller, *, url: str, event_types: Iterable[str] = (ALL,), description: str = ""
) -> tuple[Endpoint, str]:
    """Make an endpoint.

    Args:
        event_types: types of `catalogue.SUBSCRIBABLE`, or "*" for all.

    Returns:
        The row, and the secret that its messages are signed with.

    Raises:
        InvalidParameters: the URL may not be told, or a type is unknown.
        TooManyEndpoints: the organization has WEBHOOK_ENDPOINTS_MAX.
    """
    checked = _checked(url=url, event_types=list(event_types), description=description)
    # Locked, so that two at once do not both find a place.
    Organization.objects.select_for_update(no_key=True).get(pk=caller.organization_id)
    if of(caller.organization_id).count() >= settings.WEBHOOK_ENDPOINTS_MAX:
        raise TooManyEndpoints(
            f"An organization has at most {settings.WEBHOOK_ENDPOINTS_MAX} webhook endpoints."
        )
    secret = signing.new_secret()
    endpoint = Endpoint.objects.create(
        id=new_id(),
        organization_id=caller.organization_id,
        created_by_id=caller.user_id,
        created_at=timezone.now(),
        secret_sealed=sealing.seal(secret),
        **checked,
    )
    audit.record(caller, Act.ENDPOINT_CREATED, endpoint, name=_name(endpoint))
    return endpoint, secret


@transaction.atomic
def update(
    organization_id: uuid.UUID,
    endpoint_id: uuid.UUID,
    *,
    by: Caller | None = None,
    enabled: bool | None = None,
    **changes: Any,
) -> Endpoint:
    """Change an endpoint.

    Args:
        by: who does it, for the audit log; None for the platform itself.
        enabled: False cancels what is pending; True forgets past failures. None leaves it.
        changes: `url`, `event_types`, `description`, as in `create`. The failures of another URL
            are forgotten.

    Raises:
        EndpointMissing, InvalidParameters.
    """
    checked = _checked(**changes)
    endpoint = _locked(organization_id, endpoint_id)
    if checked.get("url", endpoint.url) != endpoint.url:  # of which nothing is known yet
        endpoint.failing_since = endpoint.last_failed_at = None
    for name, value in checked.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=[*checked, "failing_since", "last_failed_at"])
    if enabled is False:
        disable(endpoint_id, reason=DisabledReason.CUSTOMER)
    elif enabled and endpoint.disabled_at:
        Endpoint.objects.filter(pk=endpoint_id).update(
            disabled_at=None, disabled_reason="", failing_since=None, last_failed_at=None
        )
    changed = sorted(checked) + ([] if enabled is None else ["enabled" if enabled else "disabled"])
    audit.record(
        by or organization_id,
        Act.ENDPOINT_CHANGED,
        endpoint,
        name=_name(endpoint),
        changed=changed,
    )
    return one(organization_id, endpoint_id)


@transaction.atomic
def delete(organization_id: uuid.UUID, endpoint_id: uuid.UUID, *, by: Caller | None = None) -> None:
    """End an endpoint and cancel what is pending. Its deliveries stay readable.

    Raises: EndpointMissing.
    """
    endpoint = _locked(organization_id, endpoint_id)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        deleted_at=timezone.now(),
        secret_sealed=b"",
        previous_secret_sealed=b"",
        previous_secret_until=None,
    )
    cancel_pending(endpoint.pk)
    audit.record(by or organization_id, Act.ENDPOINT_DELETED, endpoint, name=_name(endpoint))


@transaction.atomic
def disable(endpoint_id: uuid.UUID, *, reason: DisabledReason) -> bool:
    """Switch an endpoint off and cancel what is pending. Returns whether this call did it.

    Of its own accord (410 Gone) the organization's managers are told by e-mail.
    """
    now = timezone.now()
    disabled = Endpoint.objects.filter(pk=endpoint_id, disabled_at=None, deleted_at=None).update(
        disabled_at=now, disabled_reason=reason
    )
    if not disabled:
        return False
    cancel_pending(endpoint_id)
    if reason == DisabledReason.GONE:
        Notice.objects.create(endpoint_id=endpoint_id, kind=Notice.Kind.GONE, since=now, due_at=now)
    return True


def cancel_pending(endpoint_id: uuid.UUID) -> int:
    """Under the endpoint's lock. What is being sent right now ends by itself."""
    return Delivery.objects.filter(endpoint_id=endpoint_id, state=DeliveryState.PENDING).update(
        state=DeliveryState.CANCELED, next_attempt_at=None, ended_at=timezone.now()
    )


def cancel_strays() -> int:
    """Deliveries recorded while their endpoint was being disabled. For the sweep."""
    off = Endpoint.objects.filter(Q(disabled_at__isnull=False) | Q(deleted_at__isnull=False))
    return Delivery.objects.filter(state=DeliveryState.PENDING, lane__in=off).update(
        state=DeliveryState.CANCELED, next_attempt_at=None, ended_at=timezone.now()
    )


@transaction.atomic
def rotate_secret(
    organization_id: uuid.UUID,
    endpoint_id: uuid.UUID,
    *,
    overlap_seconds: int = OVERLAP_SECONDS,
    by: Caller | None = None,
) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret; for a while messages are signed with the old one too.

    Args:
        overlap_seconds: how long; 0 ends the old one at once. At most a week.

    Returns:
        The row, and the new secret.

    Raises: EndpointMissing.
    """
    endpoint = _locked(organization_id, endpoint_id)
    secret = signing.new_secret()
    endpoint.previous_secret_sealed = endpoint.secret_sealed if overlap_seconds else b""
    endpoint.previous_secret_until = (
        timezone.now() + timedelta(seconds=min(overlap_seconds, MAX_OVERLAP_SECONDS))
        if overlap_seconds
        else None
    )
    endpoint.secret_sealed = sealing.seal(secret)
    endpoint.save(
        update_fields=["secret_sealed", "previous_secret_sealed", "previous_secret_until"]
    )
    audit.record(by or organization_id, Act.ENDPOINT_SECRET_ROTATED, endpoint, name=_name(endpoint))
    return endpoint, secret


def secret_of(endpoint: Endpoint) -> str:
    """The current secret once more, for who may manage webhooks.

    Raises: sealing.CannotUnseal.
    """
    return sealing.unseal(endpoint.secret_sealed)


def keys_of(endpoint: Endpoint) -> tuple[str, ...]:
    """The secrets that sign now: the current one, and the previous one while they overlap.

    Raises: sealing.CannotUnseal.
    """
    sealed = [endpoint.secret_sealed]
    until = endpoint.previous_secret_until
    if until is not None and until > timezone.now() and endpoint.previous_secret_sealed:
        sealed.append(endpoint.previous_secret_sealed)
    return tuple(sealing.unseal(one) for one in sealed)


@transaction.atomic
def ping(organization_id: uuid.UUID, endpoint_id: uuid.UUID) -> Delivery:
    """Send a test event to one endpoint, whatever types it wants.

    Raises: EndpointMissing, EndpointDisabled.
    """
    endpoint = _locked(organization_id, endpoint_id)
    require_enabled(endpoint)
    now = timezone.now()
    key = new_id()
    event = Event.objects.create(
        id=key,
        organization_id=organization_id,
        type=EventType.PING,
        dedup_key=str(key),
        body=json.dumps(events.envelope(EventType.PING, {"message": PING_MESSAGE}, now)),
        is_direct=False,
        created_at=now,
    )
    return deliver(event, endpoint)


def require_enabled(endpoint: Endpoint) -> None:
    """Raises: EndpointDisabled."""
    if not endpoint.is_enabled:
        raise EndpointDisabled("This endpoint is disabled. Enable it first.")


def deliver(event: Event, endpoint: Endpoint) -> Delivery:
    """One delivery of one event, due now."""
    delivery = Delivery.objects.create(
        id=new_id(),
        organization_id=event.organization_id,
        event=event,
        event_type=event.type,
        endpoint=endpoint,
        lane=endpoint.pk,
        created_at=timezone.now(),
        next_attempt_at=timezone.now(),
    )
    DELIVER.nudge()
    return delivery


def _name(endpoint: Endpoint) -> str:
    """What the audit log calls it: never its whole URL, which may hold a secret of theirs."""
    return endpoint.description or urlsplit(endpoint.url).hostname or ""


def _locked(organization_id: uuid.UUID, endpoint_id: uuid.UUID) -> Endpoint:
    return _found(of(organization_id).select_for_update(no_key=True), endpoint_id)


def _found(rows: QuerySet[Endpoint], endpoint_id: uuid.UUID) -> Endpoint:
    endpoint = rows.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise EndpointMissing("There is no such webhook endpoint.")
    return endpoint


def _checked(**values: Any) -> dict[str, Any]:
    """The given columns as they are kept. Raises: InvalidParameters."""
    errors = []
    if "url" in values:
        try:
            values["url"] = targets.check(values["url"])
        except UrlNotAllowed as error:
            errors.append(FieldError("url", "url_not_allowed", str(error), pointer="/url"))
    if "event_types" in values:
        types = list(dict.fromkeys(values["event_types"]))
        if not types or not set(types) <= {ALL, *SUBSCRIBABLE}:
            text = f"event_types must be one or more of: {', '.join((ALL, *SUBSCRIBABLE))}"
            errors.append(FieldError("event_types", "invalid", text, pointer="/event_types"))
        values["event_types"] = [ALL] if ALL in types else types
    if errors:
        raise InvalidParameters(errors)
    return values
