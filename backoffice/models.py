"""What staff did, and what waits for a second person. Acts live in `acts` and `approvals`."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class StaffAct(models.Model):
    """One act of a member of staff, written in the transaction of the act. Only ever added.

    Rows that staff edit have histories of their own (`audit`), which the database writes. This is
    for what moves money or work, whose rows are written far too often for a history.
    """

    at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    address = models.GenericIPAddressField(null=True)
    path = models.CharField(max_length=300, default="", blank=True)
    act = models.CharField(max_length=50)
    subject = models.CharField(max_length=60, help_text="The kind of row, such as billing.wallet.")
    subject_id = models.CharField(max_length=100)
    organization_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "subject_id", "-id"], name="backoffice_act_subject"),
            models.Index(fields=["organization_id", "-id"], name="backoffice_act_organization"),
            models.Index(fields=["actor", "-id"], name="backoffice_act_actor"),
            models.Index(fields=["-at"], name="backoffice_act_at"),
        ]

    def __str__(self) -> str:
        return f"{self.act} of {self.subject} {self.subject_id}"


class ApprovalState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"  # nobody decided in time, and it was asked for anew


class Approval(models.Model):
    """An act that is asked for, and done once a second person says so (`approvals`)."""

    id = models.UUIDField(primary_key=True, help_text="The asking form's own: sent twice, once.")
    act = models.CharField(max_length=50)
    subject = models.CharField(
        max_length=60, default="", blank=True, help_text="What can wait only once, if anything."
    )
    subject_id = models.CharField(max_length=100, default="", blank=True)
    details = models.JSONField(default=dict, help_text="What else the act needs to know.")
    organization_id = models.UUIDField()
    amount_micros = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True)
    decided_because = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ApprovalState.WAITING, decided_by=None, decided_at=None)
                | Q(state=ApprovalState.EXPIRED, decided_by=None, decided_at__isnull=False)
                | Q(
                    state__in=(ApprovalState.APPROVED, ApprovalState.REJECTED),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="backoffice_approval_decided",
            ),
            # Nobody is his own second person, whichever path is taken.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="backoffice_approval_by_another",
            ),
            models.UniqueConstraint(
                fields=["act", "subject", "subject_id"],
                name="backoffice_approval_waits_once",
                condition=Q(state=ApprovalState.WAITING) & ~Q(subject=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-asked_at"],
                name="backoffice_approval_waiting",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["organization_id", "-asked_at"], name="backoffice_approval_of"),
        ]

    def __str__(self) -> str:
        return f"{self.act} of {self.organization_id}: {self.state}"
