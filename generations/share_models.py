"""Links by which anyone may watch a video. Acts live in `sharing`."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Organization, new_id


class ShareLink(models.Model):
    """A generation has one at most that works. What was revoked stays, and never works again.

    A visitor is known by the token's hash, which no change of SECRET_KEY touches; sealed, the token
    is kept for those who made it, who have to be able to copy it again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    generation = models.ForeignKey(
        "generations.Generation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    token_sealed = models.BinaryField(help_text="Sealed (accounts/sealing.py).")
    shows_prompt = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation"],
                name="generations_shared_once",
                condition=Q(revoked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"link to {self.generation_id}"
