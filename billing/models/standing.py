"""How an organization stands: what freezes its spending, and what it wants to be told."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Organization, new_id


class FreezeCause(models.TextChoices):
    DISPUTE = "dispute"
    STAFF = "staff"


class Freeze(models.Model):
    """One reason why a wallet may not be spent from. `Wallet.frozen_at` says whether any stands."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="freezes")
    cause = models.CharField(max_length=10, choices=FreezeCause)
    reference = models.CharField(max_length=100)
    reason = models.CharField(max_length=500)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    placed_at = models.DateTimeField(db_default=Now())
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)
    lifted_because = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "reference"],
                name="billing_freeze_once",
                condition=Q(lifted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} freeze {self.reference}"


class BalanceAlert(models.Model):
    """Tell by e-mail when what is available falls below `threshold_micros`; once a fall."""

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.PROTECT, related_name="balance_alert"
    )
    threshold_micros = models.BigIntegerField()
    told_at = models.DateTimeField(null=True, help_text="and not risen above it since")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold_micros__gt=0), name="billing_alert_threshold"
            )
        ]

    def __str__(self) -> str:
        return f"alert of {self.organization_id}"


class NoticeKind(models.TextChoices):
    LOW_BALANCE = "low_balance"
    AUTO_TOP_UP_FAILED = "auto_top_up_failed"
    AUTO_TOP_UP_CAPPED = "auto_top_up_capped"
    AUTO_TOP_UP_PAID = "auto_top_up_paid"
    TOP_UP_FAILED = "top_up_failed"
    SPENDING_FROZEN = "spending_frozen"


class Notice(models.Model):
    """An e-mail to those who manage an organization: written with the fact, sent afterwards."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30, choices=NoticeKind)
    reference = models.CharField(max_length=100, help_text="what it is about; told of once")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, db_default=Now())
    told = ArrayField(
        models.BigIntegerField(), default=list, help_text="the users whose message has gone out"
    )
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="billing_notice_once")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="billing_notice_due",
                condition=Q(next_attempt_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.organization_id}"
