"""What staff are told without asking. Acts live in `alerts`."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class AlertKind(models.TextChoices):
    BOOKS_OFF = "books_off", "Books are off"
    HOLD_OVERDUE = "hold_overdue", "Hold older than its deadline"
    PROVIDER_WALLET_EMPTY = "provider_wallet_empty", "Our wallet at Pixazo is empty"
    FAILURES = "failures", "Too many generations fail"
    INBOX_STUCK = "inbox_stuck", "Stripe's events are stuck"
    NEGATIVE_MARGIN = "negative_margin", "Sold below cost"
    DISPUTE = "dispute", "Payment disputed"
    QUEUE_STUCK = "queue_stuck", "Queue is stuck"


class Severity(models.TextChoices):
    WARNING = "warning"
    CRITICAL = "critical"


class Alert(models.Model):
    """One condition that staff should act on, from its first sight until it is gone.

    Once a condition: while it stands there is one row of its kind and key. The e-mail is due until
    it is sent.
    """

    kind = models.CharField(max_length=30, choices=AlertKind)
    key = models.CharField(max_length=150, help_text="Which of its kind.", blank=True)
    severity = models.CharField(max_length=10, choices=Severity)
    summary = models.CharField(max_length=300)
    details = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    mail_due_at = models.DateTimeField(null=True, help_text="Empty once it is sent, or given up.")
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], name="staff_alert_once", condition=Q(resolved_at=None)
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="staff_alert_acknowledged_by_someone",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at"], name="staff_alert_list"),
            models.Index(
                fields=["mail_due_at"],
                name="staff_alert_mail_due",
                condition=Q(mail_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".strip()

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
