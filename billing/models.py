"""Money, in whole micro-dollars (1 USD = 1,000,000).

The rows below are moved only by the SQL functions of `billing/sql/ledger.sql`, called from
`ledger` and `holds`. The database refuses whatever else: see `billing/sql/guards.sql`.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import LessThan

from accounts.models import Organization, new_id


class Wallet(models.Model):
    """An organization's prepaid credits. Available = balance - held."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="wallet"
    )
    balance_micros = models.BigIntegerField(default=0, db_default=0)
    held_micros = models.BigIntegerField(default=0, db_default=0)
    debt_micros = models.BigIntegerField(default=0, db_default=0)
    sequence = models.BigIntegerField(default=0, db_default=0)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(held_micros__gte=0), name="billing_wallet_held_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(balance_micros__gte=F("held_micros")), name="billing_wallet_covers_held"
            ),
            models.CheckConstraint(
                condition=Q(debt_micros__gte=0), name="billing_wallet_debt_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"wallet of {self.organization_id}"

    @property
    def available_micros(self) -> int:
        return self.balance_micros - self.held_micros


class HoldState(models.TextChoices):
    ACTIVE = "active"
    CAPTURED = "captured"
    RELEASED = "released"


class Hold(models.Model):
    """Credits set aside for one piece of work. Resolved once; never deleted.

    Only the primary key is indexed, so that resolving stays on the row's own page: a wallet's
    holds are found through its entries.
    """

    id = models.UUIDField(primary_key=True)
    wallet = models.ForeignKey(
        Wallet,
        on_delete=models.PROTECT,
        related_name="holds",
        db_column="organization_id",
        db_index=False,
    )
    amount_micros = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.ACTIVE)
    captured_micros = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=100)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    amount_micros__gt=0,
                    captured_micros__gte=0,
                    captured_micros__lte=F("amount_micros"),
                ),
                name="billing_hold_captures_no_more",
            ),
            models.CheckConstraint(
                condition=Q(state=HoldState.ACTIVE, resolved_at__isnull=True, captured_micros=0)
                | Q(~Q(state=HoldState.ACTIVE), resolved_at__isnull=False),
                name="billing_hold_state_agrees",
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.id} ({self.state})"


class EntryKind(models.TextChoices):
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    ADJUSTMENT = "adjustment"
    DEBT = "debt"
    DEBT_REPAYMENT = "debt_repayment"


class Account(models.TextChoices):
    """The system account on an entry's other side. HELD: nothing leaves the wallet."""

    HELD = "held"
    REVENUE = "revenue"
    STRIPE = "stripe"
    PROMOTIONS = "promotions"
    ADJUSTMENTS = "adjustments"
    RECEIVABLE = "receivable"


# PostgreSQL parses the text of a CHECK again in each statement, so those of holds and entries are
# short (spelling out every kind cost a quarter of all throughput); reconciliation does the rest.
_HOLD_ENTRY = Q(hold__isnull=False) & (
    Q(amount_micros=0) | Q(amount_micros__lt=0, amount_micros__gte=F("held_delta_micros"))
)
_OTHER_ENTRY = Q(hold__isnull=True, held_delta_micros=0)


class Entry(models.Model):
    """The ledger: one row per movement, never changed.

    `amount_micros` is the change of the wallet's balance; the system account changes by the
    opposite, so a row cannot be unbalanced. A wallet's debt is the sum of its entries against
    `receivable`: money advanced to cover what was taken back.
    """

    wallet = models.ForeignKey(
        Wallet,
        on_delete=models.PROTECT,
        related_name="entries",
        db_column="organization_id",
        db_index=False,  # the unique (wallet, sequence) serves
        db_constraint=False,  # see docs/decisions/0007
    )
    sequence = models.BigIntegerField(help_text="1, 2, 3 ... without a gap in each wallet")
    kind = models.CharField(max_length=20, choices=EntryKind)
    account = models.CharField(max_length=20, choices=Account)
    amount_micros = models.BigIntegerField()
    held_delta_micros = models.BigIntegerField()
    balance_after_micros = models.BigIntegerField()
    held_after_micros = models.BigIntegerField()
    hold = models.ForeignKey(
        Hold,
        null=True,
        on_delete=models.PROTECT,
        related_name="entries",
        db_index=False,  # the unique (hold, ...) serves
        db_constraint=False,
    )
    reference = models.CharField(max_length=130)  # that of a debt: a kind, and another's
    reason = models.CharField(max_length=500, default="", db_default="", blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["wallet", "sequence"], name="billing_entry_sequence"),
            # One entry places a hold and one resolves it; also the way from a hold to its entries.
            models.UniqueConstraint(
                F("hold"),
                LessThan(F("held_delta_micros"), 0),
                name="billing_entry_resolves_once",
            ),
            # Moving the same thing twice is a conflict, whoever repeats it.
            models.UniqueConstraint(
                fields=["kind", "reference"],
                name="billing_entry_moves_once",
                condition=Q(hold__isnull=True),
            ),
            models.CheckConstraint(
                condition=_HOLD_ENTRY | _OTHER_ENTRY, name="billing_entry_shape"
            ),
        ]
        indexes = [
            BrinIndex("created_at", name="billing_entry_created"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_micros} #{self.sequence}"


MOST_MICROS_PER_SECOND = 10**9
"""$1,000: a slip of the pen in the admin cannot make a quote that a bigint does not hold."""


class Price(models.Model):
    """What one second of output costs from a moment on. Never edited: a later row supersedes.

    The row in force is the latest one whose `effective_from` has passed, so prices can neither
    overlap nor leave a gap; an organization's own row wins over the list price.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(max_length=40)
    resolution = models.CharField(max_length=10)
    draft = models.BooleanField(default=False)
    effective_from = models.DateTimeField()
    customer_micros_per_second = models.BigIntegerField()
    provider_micros_per_second = models.BigIntegerField()
    charge_on_failed = models.BooleanField(
        default=False, help_text="Capture the hold when the job ends FAILED. ERROR is always free."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "resolution", "draft", "organization", "effective_from"],
                name="billing_price_once_per_moment",
                nulls_distinct=False,
                violation_error_message="There is a price for this moment already.",
            ),
            models.CheckConstraint(
                condition=Q(customer_micros_per_second__range=(1, MOST_MICROS_PER_SECOND)),
                name="billing_price_positive",
                violation_error_message="The price must be above zero, at most $1,000 a second.",
            ),
            models.CheckConstraint(
                condition=Q(provider_micros_per_second__range=(0, MOST_MICROS_PER_SECOND)),
                name="billing_price_provider_cost",
                violation_error_message="The cost must be zero or more, at most $1,000 a second.",
            ),
        ]

    def __str__(self) -> str:
        draft = " draft" if self.draft else ""
        return f"{self.model} {self.resolution}{draft}: {self.customer_micros_per_second} micros/s"

    def clean(self) -> None:
        if not self._state.adding:
            raise ValidationError("A price is never edited: add a row that supersedes it.")
