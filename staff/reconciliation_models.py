"""What the checks of the books found, and what staff say to it. Acts live in `reconciliation`."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Source(models.TextChoices):
    """Whose word is compared with whose."""

    BOOKS = "books", "Books"
    STRIPE = "stripe", "Stripe"
    PROVIDER = "provider", "Provider"


class BooksCheck(models.Model):
    """One run of one source's checks. Unfinished while `ended_at` is empty."""

    source = models.CharField(max_length=10, choices=Source)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    problems = models.PositiveIntegerField(null=True, help_text="Empty when it could not be run.")
    unexplained = models.PositiveIntegerField(null=True)
    totals = models.JSONField(default=dict, help_text="What was looked at.")
    failure = models.CharField(max_length=300, default="", blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["source", "-id"], name="staff_check_latest")]

    def __str__(self) -> str:
        return f"check of {self.source} at {self.started_at}"


class DifferenceState(models.TextChoices):
    """OPEN: to be worked off. EXPLAINED: it stands, and we know why. RESOLVED: it is gone."""

    OPEN = "open"
    EXPLAINED = "explained"
    RESOLVED = "resolved"


class Difference(models.Model):
    """One thing that two sources tell differently; once while it is not resolved."""

    source = models.CharField(max_length=10, choices=Source)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=150, help_text="The row that it is about.")
    description = models.TextField()
    amount_micros = models.BigIntegerField(null=True, help_text="Where the check knows it.")
    state = models.CharField(max_length=10, choices=DifferenceState, default=DifferenceState.OPEN)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "subject"],
                name="staff_difference_once",
                condition=~Q(state=DifferenceState.RESOLVED),
            ),
            models.CheckConstraint(
                condition=Q(state=DifferenceState.RESOLVED, resolved_at__isnull=False)
                | (~Q(state=DifferenceState.RESOLVED) & Q(resolved_at=None)),
                name="staff_difference_resolved_agrees",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="staff_difference_list")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.subject}"


class DifferenceNote(models.Model):
    """What staff, or a check (`made_by` empty), said and did about a difference. Only added."""

    difference = models.ForeignKey(Difference, on_delete=models.PROTECT, related_name="notes")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=DifferenceState, help_text="Its state from then on."
    )
    text = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"note on {self.difference_id}: {self.text[:50]}"
