"""Tell: what happened, whom we tell, each message, and each attempt to bring it.

Acts live in modules named for them: endpoints, events, replaying, delivering, sending, notices.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Organization, new_id

MAX_URL_LENGTH = 2048
MAX_EXCERPT = 1024
EVENT_ID_PREFIX = "evt_"
EVENT_ID_PATTERN = EVENT_ID_PREFIX + "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class DisabledReason(models.TextChoices):
    CUSTOMER = "customer", "switched off by the customer"
    GONE = "gone", "it answered 410 Gone"
    FAILING = "failing", "it failed for days"


class Endpoint(models.Model):
    """An address of a customer that wants to be told. Deleted ones stay, for their deliveries."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    url = models.CharField(max_length=MAX_URL_LENGTH)
    description = models.CharField(max_length=200, default="", blank=True)
    event_types = ArrayField(models.CharField(max_length=60), help_text='Or "*" for all.')
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True)

    # Sealed (webhooks/sealing.py): we need the text itself to sign with.
    secret_sealed = models.BinaryField()
    previous_secret_sealed = models.BinaryField(default=b"")
    previous_secret_until = models.DateTimeField(
        null=True, help_text="Until then we sign with the previous secret too."
    )

    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(
        max_length=10, choices=DisabledReason, default="", blank=True
    )
    failing_since = models.DateTimeField(
        null=True, help_text="First failure since the last success."
    )
    last_failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | Q(disabled_at__isnull=False, disabled_reason__in=DisabledReason.values),
                name="webhooks_disabled_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "-id"],
                name="webhooks_endpoint_list",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                "failing_since",
                name="webhooks_endpoint_failing",
                condition=Q(failing_since__isnull=False, disabled_at=None, deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.url} ({self.id})"

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None and self.deleted_at is None


class Event(models.Model):
    """One thing that happened, in the very text that is sent. `dedup_key` makes it once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    type = models.CharField(max_length=60)
    dedup_key = models.CharField(max_length=200)
    body = models.TextField(help_text="JSON, as it is signed and sent.")
    is_direct = models.BooleanField(help_text="For one address of a request, not for endpoints.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "type", "dedup_key"], name="webhooks_event_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "-id"],
                name="webhooks_event_list",
                condition=Q(is_direct=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"

    @property
    def public_id(self) -> str:
        return event_id(self.id)


def event_id(key: uuid.UUID) -> str:
    """What customers know an event as: `evt_` and its UUID. Also the `webhook-id` header."""
    return f"{EVENT_ID_PREFIX}{key}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"


OPEN_STATES = (DeliveryState.PENDING, DeliveryState.DELIVERING)


class Delivery(models.Model):
    """One message to one address: an endpoint, or for a direct one, `url`.

    `lane` is whom a slow answer may hold up: the endpoint, or some hosts of one organization.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # it is the event's
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    event_type = models.CharField(max_length=60)
    endpoint = models.ForeignKey(
        Endpoint, null=True, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    url = models.CharField(max_length=MAX_URL_LENGTH, default="", blank=True)
    lane = models.UUIDField()
    replay_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="Set while PENDING.")
    lease_expires_at = models.DateTimeField(null=True, help_text="Set while DELIVERING.")
    ended_at = models.DateTimeField(null=True)
    # What the latest attempt said, so that a list needs no look at the attempts.
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=20, default="", db_default="", blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "endpoint"],
                name="webhooks_one_open_delivery",
                condition=Q(state__in=OPEN_STATES, endpoint__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING, next_attempt_at__isnull=False)
                | Q(state=DeliveryState.DELIVERING, lease_expires_at__isnull=False)
                | Q(state__in=["delivered", "failed", "canceled"], ended_at__isnull=False),
                name="webhooks_delivery_state",
            ),
            models.CheckConstraint(
                condition=Q(endpoint=None) ^ Q(url=""), name="webhooks_one_address"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="webhooks_delivery_list"),
            models.Index(fields=["endpoint", "-id"], name="webhooks_delivery_of_endpoint"),
            models.Index(  # what one looks for among the many that arrived
                fields=["organization", "-id"],
                name="webhooks_delivery_not_got",
                condition=Q(state__in=["failed", "canceled"]),
            ),
            models.Index(  # who deletes a delivery has the database look for its replays
                fields=["replay_of"],
                name="webhooks_delivery_replays",
                condition=Q(replay_of__isnull=False),
            ),
            models.Index(
                fields=["lane", "next_attempt_at"],
                name="webhooks_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            models.Index(
                fields=["lane", "lease_expires_at"],
                name="webhooks_under_way",
                condition=Q(state=DeliveryState.DELIVERING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.id} ({self.state})"


class AttemptError(models.TextChoices):
    """Why an attempt did not deliver."""

    STATUS = "status", "an answer other than 2xx"
    REDIRECT = "redirect", "a redirect, which is not followed"
    TIMEOUT = "timeout", "no complete answer in time"
    CONNECTION = "connection", "no connection, or it broke off"
    TLS = "tls", "the certificate or the encryption was refused"
    URL_NOT_ALLOWED = "url_not_allowed", "not a public https address"
    INTERRUPTED = "interrupted", "our worker ended while sending"
    INTERNAL = "internal", "a fault on our side"


class Attempt(models.Model):
    """One request that was made, and what came of it. Only ever added."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="attempt_rows", db_index=False
    )
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=20, choices=AttemptError, default="", blank=True)
    response_excerpt = models.CharField(max_length=MAX_EXCERPT, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="webhooks_attempt_once")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"


class Notice(models.Model):
    """An e-mail to an organization's managers about an endpoint: due until it is sent, once."""

    class Kind(models.TextChoices):
        FAILING = "failing"
        GONE = "gone"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind)
    since = models.DateTimeField(help_text="Of the trouble that it tells of: once for each.")
    due_at = models.DateTimeField(null=True, help_text="Empty once it is sent, or given up.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "kind", "since"], name="webhooks_notice_once"
            )
        ]
        indexes = [
            models.Index("due_at", name="webhooks_notice_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.kind} notice about {self.endpoint_id}"
