"""How people come to an organization, and what its members have done there."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.models.keys import ApiKey
from accounts.models.people import Organization, Role, User, new_id


class Invitation(models.Model):
    """One address asked to join as one role. Whoever holds its link has read that mailbox.

    Open until it is accepted or revoked; an open one that has expired can be sent again. The
    link's token is kept as a hash, and sealed beside it until the e-mail has been sent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="invitations", db_index=False
    )
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True)
    token_sealed = models.BinaryField(default=b"", help_text="Until it is sent.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    sends = models.PositiveSmallIntegerField(default=1, help_text="How often it was asked to go.")
    sent_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Of the present sending.")
    next_attempt_at = models.DateTimeField(null=True, help_text="Set while it is to be sent.")
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                name="accounts_invited_once",
                condition=Q(accepted_at=None, revoked_at=None),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="accounts_invited_as"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="accounts_invitations"),
            models.Index(
                "next_attempt_at",
                name="accounts_invitations_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.organization_id}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class Act(models.TextChoices):
    """What the audit log tells of, in the words of its filter."""

    SIGNED_IN = "signed_in", "Signed in"
    ORGANIZATION_FOUNDED = "organization_founded", "Created the organization"
    ORGANIZATION_RENAMED = "organization_renamed", "Renamed the organization"
    ORGANIZATION_DELETED = "organization_deleted", "Deleted the organization"
    RETENTION_CHANGED = "retention_changed", "Changed the retention of videos"
    MEMBER_INVITED = "member_invited", "Invited someone"
    INVITATION_RESENT = "invitation_resent", "Sent an invitation again"
    INVITATION_REVOKED = "invitation_revoked", "Revoked an invitation"
    MEMBER_JOINED = "member_joined", "Joined"
    ROLE_CHANGED = "role_changed", "Changed a role"
    LIMIT_CHANGED = "limit_changed", "Changed a monthly limit"
    MEMBER_REMOVED = "member_removed", "Removed a member"
    MEMBER_LEFT = "member_left", "Left"
    OWNERSHIP_TRANSFERRED = "ownership_transferred", "Transferred ownership"
    KEY_CREATED = "key_created", "Created an API key"
    KEY_CHANGED = "key_changed", "Changed an API key"
    KEY_ROTATED = "key_rotated", "Rotated an API key"
    KEY_REVOKED = "key_revoked", "Revoked an API key"
    ENDPOINT_CREATED = "endpoint_created", "Added a webhook endpoint"
    ENDPOINT_CHANGED = "endpoint_changed", "Changed a webhook endpoint"
    ENDPOINT_DELETED = "endpoint_deleted", "Deleted a webhook endpoint"
    ENDPOINT_SECRET_ROTATED = "endpoint_secret_rotated", "Rotated a webhook secret"
    TOP_UP_STARTED = "top_up_started", "Started a purchase"
    CODE_REDEEMED = "code_redeemed", "Redeemed a promotion code"
    AUTO_TOP_UP_ON = "auto_top_up_on", "Agreed to auto top-up"
    AUTO_TOP_UP_OFF = "auto_top_up_off", "Switched auto top-up off"
    ALERT_CHANGED = "alert_changed", "Changed the low-balance e-mail"
    GENERATION_DELETED = "generation_deleted", "Deleted a video"
    GENERATION_RESTORED = "generation_restored", "Restored a video"
    SHARE_LINK_CREATED = "share_link_created", "Shared a video by link"
    SHARE_LINK_REVOKED = "share_link_revoked", "Revoked a share link"


class MemberAct(models.Model):
    """One thing done in an organization: by a member, by a program with a key, or (neither named)
    by the platform itself. Only ever added: a trigger refuses the rest (accounts/sql/team.sql).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    act = models.CharField(max_length=30, choices=Act)
    object_kind = models.CharField(max_length=60, default="", blank=True)
    object_id = models.CharField(max_length=64, default="", blank=True)
    object_name = models.CharField(max_length=254, default="", blank=True)
    details = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, help_text="Where it was asked from.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) | Q(api_key=None), name="accounts_act_of_one"
            ),
        ]
        # One for each filter of the page, so that a rare match is found as quickly.
        indexes = [
            models.Index(fields=["organization", "-id"], name="accounts_acts"),
            models.Index(fields=["organization", "user", "-id"], name="accounts_acts_of_member"),
            models.Index(fields=["organization", "act", "-id"], name="accounts_acts_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.act} in {self.organization_id}"
