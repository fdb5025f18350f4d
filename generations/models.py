"""Work: one row per video asked for, and what happened to it.

Acts live in modules named for them: submission, dispatch, polling, media, settlement.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import ApiKey, Organization, new_id
from billing.models import Price
from generations.provider_minute_models import ProviderCall as ProviderCall
from generations.provider_minute_models import ProviderMinute as ProviderMinute
from generations.share_models import ShareLink as ShareLink  # Django looks for models here
from generations.upload_models import Upload as Upload  # Django looks for models here


class VideoModel(models.TextChoices):
    P_VIDEO = "p-video"
    P_VIDEO_AVATAR = "p-video-avatar"


class State(models.TextChoices):
    """Our own states (design, section 5)."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed", "sent, no answer"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    ERROR = "error"
    CANCELED = "canceled"
    EXPIRED = "expired"


OPEN_STATES = (State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.PROCESSING)
ENDED_STATES = tuple(state for state in State if state not in OPEN_STATES)
SENT_STATES = (State.UNCONFIRMED, State.PROCESSING)

PUBLIC_STATUS = {
    State.SUBMITTING: "queued",
    State.UNCONFIRMED: "processing",
}
"""What a customer is told where it differs from the state's own name."""


class Generation(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    # What was asked, complete with the reference's defaults, and as it is sent to the provider.
    model = models.CharField(max_length=40, choices=VideoModel)
    input = models.JSONField()
    metadata = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=255, default="", blank=True)
    request_hash = models.BinaryField(max_length=32, default=b"")
    listeners = models.JSONField(
        default=list, help_text="Who is told in Pixazo's words (generations/pixazo_callbacks.py)."
    )

    # What it costs. `quoted_micros` is what was held; nothing above it is ever charged.
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+", db_index=False)
    quoted_seconds = models.PositiveIntegerField()
    quoted_micros = models.BigIntegerField()
    charged_seconds = models.PositiveIntegerField(null=True)
    charged_micros = models.BigIntegerField(null=True)

    # Where it stands. `note` says why, for staff; `error` is for the customer.
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    note = models.CharField(max_length=500, default="", blank=True)
    error = models.CharField(max_length=2000, default="", blank=True)
    completed_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    deleted_at = models.DateTimeField(
        null=True, help_text="Since when its customer no longer sees it."
    )
    media_removed_at = models.DateTimeField(
        null=True, help_text="When its files went by the organization's retention."
    )

    # The trip to the provider.
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="Set while QUEUED.")
    lease_expires_at = models.DateTimeField(null=True, help_text="Set while SUBMITTING.")
    callback_token_hash = models.BinaryField(max_length=32, default=b"")
    submitted_at = models.DateTimeField(null=True)
    provider_request_id = models.CharField(max_length=100, null=True)  # noqa: DJ001  # unique
    provider_status = models.CharField(max_length=40, default="", blank=True)
    polls = models.PositiveIntegerField(default=0)
    next_poll_at = models.DateTimeField(null=True)

    # The finished file.
    provider_media_url = models.CharField(max_length=2048, default="", blank=True)
    media_attempts = models.PositiveIntegerField(default=0)
    next_media_at = models.DateTimeField(null=True)
    needs_attention = models.CharField(
        max_length=200, default="", blank=True, help_text="Why staff should look at it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"],
                name="generations_asked_once",
                condition=~Q(idempotency_key=""),
            ),
            models.UniqueConstraint(
                fields=["provider_request_id"],
                name="generations_request_once",
                condition=Q(provider_request_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(charged_micros=None)
                | Q(charged_micros__gte=0, charged_micros__lte=F("quoted_micros")),
                name="generations_never_above_quote",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="generations_known_state"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=OPEN_STATES, charged_micros=None)
                    | (~Q(state__in=OPEN_STATES) & Q(charged_micros__isnull=False))
                ),
                name="generations_settled_when_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="generations_gallery"),
            # One for each filter of the lists, so that a rare match is found as quickly.
            models.Index(fields=["organization", "state", "-id"], name="generations_by_state"),
            models.Index(fields=["organization", "model", "-id"], name="generations_by_model"),
            models.Index(fields=["api_key", "-id"], name="generations_by_key"),
            models.Index(fields=["created_by", "-id"], name="generations_by_member"),
            GinIndex(
                fields=["metadata"],
                name="generations_by_metadata",
                opclasses=["jsonb_path_ops"],
                condition=~Q(metadata={}),
            ),
            models.Index(fields=["organization", "created_at"], name="generations_usage"),
            models.Index(
                "deleted_at", name="generations_deleted", condition=Q(deleted_at__isnull=False)
            ),
            models.Index(
                "next_attempt_at",
                name="generations_retries_due",
                condition=Q(state=State.QUEUED, attempts__gt=0),
            ),
            models.Index(
                fields=["organization", "id"],
                name="generations_waiting",
                condition=Q(state=State.QUEUED, attempts=0),
            ),
            models.Index(
                fields=["organization"],
                name="generations_places_taken",
                condition=Q(attempts__gt=0, state__in=OPEN_STATES),
            ),
            models.Index(
                "lease_expires_at", name="generations_leases", condition=Q(state=State.SUBMITTING)
            ),
            models.Index(
                "next_poll_at",
                name="generations_polls_due",
                condition=Q(next_poll_at__isnull=False),
            ),
            models.Index(
                "next_media_at",
                name="generations_media_due",
                condition=Q(next_media_at__isnull=False),
            ),
            models.Index(
                "deadline_at", name="generations_deadlines", condition=Q(state__in=OPEN_STATES)
            ),
            # What ended in a period: staff's figures by day.
            models.Index(
                "completed_at", name="generations_ended", condition=Q(completed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.id} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def public_status(self) -> str:
        return PUBLIC_STATUS.get(State(self.state), self.state)

    @property
    def refunded_micros(self) -> int:
        """What went back of the hold: zero while it is open."""
        return 0 if self.charged_micros is None else self.quoted_micros - self.charged_micros

    @property
    def hold_reference(self) -> str:
        return hold_reference(self.id)

    @property
    def first_deadline_at(self) -> datetime:
        """When it expires unless it is sent; from its first send on `deadline_at` counts anew."""
        return self.created_at + timedelta(seconds=settings.QUEUE_DEADLINE_SECONDS)


def hold_reference(generation_id: Any) -> str:
    """What billing knows a generation as."""
    return f"generation:{generation_id}"


class _OfGeneration(models.Model):
    """A row of one generation. Its organization is the generation's, so nothing checks it again."""

    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        abstract = True


class GenerationEvent(_OfGeneration):
    """One row per change of state, written by a trigger (generations/sql/events.sql)."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=12, choices=State)
    note = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.generation_id} {self.state}"


class ProviderCallback(_OfGeneration):
    """A callback as it came. The body is a hint; the status endpoint is what counts."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="callbacks")
    body = models.BinaryField()
    body_bytes = models.PositiveBigIntegerField(help_text="Length as sent; the body may be cut.")
    request_id = models.CharField(max_length=100, default="", blank=True)
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"callback for {self.generation_id}"


class Media(_OfGeneration):
    """The finished video in our own storage."""

    generation = models.OneToOneField(
        Generation, primary_key=True, on_delete=models.PROTECT, related_name="media"
    )
    video = models.FileField(max_length=300)
    poster = models.FileField(max_length=300, default="", blank=True)
    preview = models.FileField(max_length=300, default="", blank=True)
    duration_ms = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.CharField(max_length=20)
    codec = models.CharField(max_length=40)
    has_audio = models.BooleanField()
    size_bytes = models.PositiveBigIntegerField()
    stored_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "media"
        indexes = [models.Index(fields=["organization", "stored_at"], name="generations_media_age")]

    def __str__(self) -> str:
        return f"media of {self.generation_id}"


class HealthCheck(models.Model):
    """A `no_op` request of the Pixazo-compatible API: answered, never run, free.

    No generation: nothing is held, sent or made, so it is in no gallery, usage or book.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    model = models.CharField(max_length=40, choices=VideoModel)

    def __str__(self) -> str:
        return f"health check {self.id} of {self.model}"
