"""Files that customers send us, to be inputs of their videos. Acts live in `uploads`."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import ApiKey, Organization, new_id


class UploadKind(models.TextChoices):
    IMAGE = "image"
    AUDIO = "audio"


class Upload(models.Model):
    """A file of a customer's own, to be used as an input by its link (`upload_links`).

    The row comes before the file, and `ready_at` after it: what a crash leaves is purged.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=UploadKind)
    file = models.FileField(max_length=300)
    filename = models.CharField(max_length=200, help_text="As the customer calls it.")
    content_type = models.CharField(max_length=40)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="No new job may use it from then on.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind=UploadKind.IMAGE,
                    width__isnull=False,
                    height__isnull=False,
                    duration_ms__isnull=True,
                )
                | Q(
                    kind=UploadKind.AUDIO,
                    width__isnull=True,
                    height__isnull=True,
                    duration_ms__isnull=False,
                ),
                name="generations_upload_measured",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="generations_uploads"),
            models.Index(fields=["expires_at"], name="generations_uploads_expiring"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
