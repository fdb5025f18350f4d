"""Money from outside: top-ups, refunds, disputes, and the inbox of Stripe's events.

Rows here are facts about Stripe's objects and about what we did for them; credits move only with
ledger entries whose references name these rows. `as_of` is when we asked Stripe for the facts in
a row: an answer that was asked for earlier than those never replaces them.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Organization, new_id


class PaymentCustomer(models.Model):
    """An organization at Stripe, and the card it has saved there.

    The row's lock serializes everything that payments do to one organization's credits; it comes
    before any top-up, refund, dispute, hold and wallet.
    """

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="payment_customer"
    )
    stripe_id = models.CharField(max_length=100, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0, help_text="at making it at Stripe")
    card_id = models.CharField(max_length=100, blank=True, default="")
    card_brand = models.CharField(max_length=30, blank=True, default="")
    card_last4 = models.CharField(max_length=4, blank=True, default="")
    card_expires = models.CharField(max_length=7, blank=True, default="", help_text="MM/YYYY")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stripe_id"], name="billing_customer_once", condition=~Q(stripe_id="")
            )
        ]

    def __str__(self) -> str:
        return self.stripe_id or f"customer of {self.organization_id}"


class TopUpKind(models.TextChoices):
    CHECKOUT = "checkout"
    AUTO = "auto"


class TopUpState(models.TextChoices):
    """CREATED: not known to be at Stripe. OPEN: to be paid. PROCESSING: on its way."""

    CREATED = "created"
    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


OPEN_TOP_UPS = (TopUpState.CREATED, TopUpState.OPEN, TopUpState.PROCESSING)


class TopUp(models.Model):
    """A purchase of credits. The row exists before Stripe is called, and says what is credited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="top_ups", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=TopUpKind)
    state = models.CharField(max_length=12, choices=TopUpState, default=TopUpState.CREATED)
    amount_micros = models.BigIntegerField(help_text="paid and credited; whole cents")
    bonus_micros = models.BigIntegerField(default=0, help_text="first-payment bonus given with it")
    bonus_taken_micros = models.BigIntegerField(default=0, help_text="of the bonus, taken back")
    saves_card = models.BooleanField(default=False)
    livemode = models.BooleanField()
    stripe_customer_id = models.CharField(max_length=100)
    session_id = models.CharField(max_length=100, blank=True, default="")
    checkout_url = models.TextField(blank=True, default="")
    payment_intent_id = models.CharField(max_length=100, blank=True, default="")
    invoice_id = models.CharField(max_length=100, blank=True, default="")
    invoice_number = models.CharField(max_length=100, blank=True, default="")
    invoice_pdf = models.TextField(blank=True, default="")
    receipt_url = models.TextField(blank=True, default="")
    idempotency_key = models.CharField(max_length=255, blank=True, default="")
    request_hash = models.BinaryField(default=bytes)
    stripe_attempts = models.PositiveIntegerField(
        default=0, help_text="idempotency keys used at Stripe to make its object"
    )
    failure = models.CharField(max_length=300, blank=True, default="", help_text="for the customer")
    attention = models.CharField(max_length=300, blank=True, default="", help_text="for staff")
    checks = models.PositiveIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True, help_text="when to ask Stripe again")
    as_of = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0, amount_micros__lte=10**12),
                name="billing_top_up_amount",
            ),
            models.CheckConstraint(
                condition=Q(
                    bonus_micros__gte=0,
                    bonus_taken_micros__gte=0,
                    bonus_taken_micros__lte=F("bonus_micros"),
                ),
                name="billing_top_up_bonus",
            ),
            models.CheckConstraint(
                condition=Q(state=TopUpState.PAID, paid_at__isnull=False)
                | Q(~Q(state=TopUpState.PAID), paid_at__isnull=True, bonus_micros=0),
                name="billing_top_up_paid_agrees",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                name="billing_first_bonus_once",
                condition=Q(bonus_micros__gt=0),
            ),
            models.UniqueConstraint(
                fields=["organization"],
                name="billing_auto_one_open",
                condition=Q(kind=TopUpKind.AUTO, state__in=OPEN_TOP_UPS),
            ),
            models.UniqueConstraint(
                fields=["session_id"], name="billing_top_up_session", condition=~Q(session_id="")
            ),
            models.UniqueConstraint(
                fields=["payment_intent_id"],
                name="billing_top_up_intent",
                condition=~Q(payment_intent_id=""),
            ),
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"],
                name="billing_top_up_idempotent",
                condition=~Q(idempotency_key=""),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="billing_top_up_list"),
            models.Index(
                fields=["next_check_at"],
                name="billing_top_up_due",
                condition=Q(next_check_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"top-up {self.id} ({self.state})"

    @property
    def reference(self) -> str:
        """Its entries' reference in the ledger."""
        return f"top_up:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_TOP_UPS


class RefundState(models.TextChoices):
    """REQUESTED: ours, not known to be at Stripe. The others are Stripe's own."""

    REQUESTED = "requested"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"


class Refund(models.Model):
    """Money that goes back to the card, and the credits that were taken back for it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="refunds")
    stripe_id = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField(max_length=20, choices=RefundState)
    stripe_status = models.CharField(max_length=30, blank=True, default="")
    amount_micros = models.BigIntegerField()
    bonus_micros = models.BigIntegerField(default=0, help_text="of the bonus, taken with it")
    taken = models.BooleanField(default=False, help_text="the credits are taken back now")
    movements = models.PositiveIntegerField(default=0, help_text="times taken or put back")
    reason = models.CharField(max_length=300, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    failure = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0, bonus_micros__gte=0), name="billing_refund_amount"
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], name="billing_refund_once", condition=~Q(stripe_id="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="billing_refund_due",
                condition=Q(next_check_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.stripe_id or self.id} ({self.state})"


class Dispute(models.Model):
    """A payment that the cardholder's bank questions."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(max_length=100, unique=True)
    status = models.CharField(max_length=50, help_text="Stripe's own word")
    reason = models.CharField(max_length=100, blank=True, default="")
    amount_micros = models.BigIntegerField()
    bonus_micros = models.BigIntegerField(default=0, help_text="of the bonus, taken with it")
    withdrawn = models.BooleanField(default=False, help_text="Stripe took the money from us")
    taken = models.BooleanField(default=False, help_text="the credits are taken back now")
    holds = models.BooleanField(default=False, help_text="credits are held for it now")
    movements = models.PositiveIntegerField(default=0, help_text="times taken or put back")
    evidence_due_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0, bonus_micros__gte=0),
                name="billing_dispute_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute {self.stripe_id} ({self.status})"


class EventState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"


class PaymentEvent(models.Model):
    """The inbox: each of Stripe's events once, as it came. Only the work's own columns change."""

    id = models.CharField(primary_key=True, max_length=100)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=100, blank=True, default="")
    livemode = models.BooleanField()
    payload = models.TextField()
    happened_at = models.DateTimeField(help_text="Stripe's time")
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    found_by_sweep = models.BooleanField(default=False, help_text="its delivery was missed")
    state = models.CharField(max_length=10, choices=EventState, default=EventState.PENDING)
    note = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="billing_event_due",
                condition=Q(state=EventState.PENDING),
            ),
            models.Index(fields=["object_id"], name="billing_event_object"),
            models.Index(fields=["-received_at"], name="billing_event_list"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class EventSweep(models.Model):
    """The one row that says until when we have asked Stripe for events that we missed."""

    swept_until = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="billing_sweep_one_row")]

    def __str__(self) -> str:
        return f"swept until {self.swept_until}"


class AutoTopUp(models.Model):
    """Buying credits without being asked each time, as the organization agreed to."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="auto_top_up"
    )
    enabled = models.BooleanField(default=False)
    threshold_micros = models.BigIntegerField()
    amount_micros = models.BigIntegerField()
    monthly_cap_micros = models.BigIntegerField()
    consented_at = models.DateTimeField(null=True)
    consented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    consent = models.TextField(blank=True, default="", help_text="the words agreed to")
    refused_at = models.DateTimeField(null=True, help_text="a hold was refused for want of credits")
    stopped_at = models.DateTimeField(null=True)
    stopped_because = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    threshold_micros__gt=0,
                    amount_micros__gt=0,
                    monthly_cap_micros__gte=F("amount_micros"),
                ),
                name="billing_auto_amounts",
            ),
            models.CheckConstraint(
                condition=Q(enabled=False)
                | Q(consented_at__isnull=False, consented_by__isnull=False),
                name="billing_auto_consented",
            ),
        ]

    def __str__(self) -> str:
        return f"auto top-up of {self.organization_id}"
