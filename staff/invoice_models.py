"""The provider's invoices, as finance enters them. Acts live in `invoices`."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ProviderInvoice(models.Model):
    """What the provider asks for some days (UTC). A slip is withdrawn, never edited."""

    reference = models.CharField(max_length=60, help_text="The invoice's own number.")
    first_day = models.DateField()
    last_day = models.DateField()
    amount_micros = models.BigIntegerField()
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                name="staff_invoice_once",
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day"), amount_micros__gte=0),
                name="staff_invoice_makes_sense",
            ),
        ]

    def __str__(self) -> str:
        return f"invoice {self.reference} (#{self.pk})"
