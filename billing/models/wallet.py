"""Wallets, holds and the ledger, in whole micro-dollars (1 USD = 1,000,000).

These rows are moved only by the SQL functions of `billing/sql/ledger.sql`, called from `ledger`
and `holds`. The database refuses whatever else: see `billing/sql/guards.sql`.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import LessThan

from accounts.models import Organization


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
    watch_micros = models.BigIntegerField(
        null=True, blank=True, help_text="below this, a top-up or an alert may be due"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["organization"],
                name="billing_wallet_watched",
                condition=Q(watch_micros__isnull=False),
            )
        ]
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
    TOP_UP = "top_up"
    BONUS = "bonus"
    BONUS_REVERSAL = "bonus_reversal"
    PROMOTION = "promotion"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
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
