"""Histories of the rows that staff edit, and the trail that joins them with staff's acts.

Triggers write the histories (django-pghistory), so it does not matter which path a change takes:
admin, ORM or psql. What the admin knows of who, from where and why stands in each row. Rows of the
ledger and of the trip to the provider have none: they are never edited, and their own entries and
events tell all (docs/decisions/0041-histories-by-trigger.md).

Each tracked model is a proxy here, so that histories and triggers are this package's migrations.
"""

from typing import Any

import pghistory
from django.conf import settings
from django.db import models

from accounts.models import ApiKey, Membership, Organization, User
from billing.models import BonusRule, Freeze, Price, PromotionCode, TopUpTerms


def _track(name: str, *, exclude: tuple[str, ...] = ()) -> Any:
    """Keep each state of a row, without the fields of `exclude`: secrets, and what work changes."""
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
        obj_field=pghistory.ObjForeignKey(related_name="+"),
        context_field=pghistory.ContextJSONField(),
        context_id_field=pghistory.ContextUUIDField(),
        append_only=True,
        model_name=f"{name}History",
        app_label="audit",
        meta={
            "default_permissions": (),
            "indexes": [models.Index(fields=["-pgh_created_at"], name=f"audit_{name.lower()}_at")],
        },
    )


@_track("Organization")
class TrackedOrganization(Organization):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("User", exclude=("password", "last_login"))
class TrackedUser(User):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("UserGroup")
class TrackedUserGroup(User.groups.through):  # type: ignore[name-defined,misc]
    class Meta:
        proxy = True
        default_permissions = ()


@_track("UserPermission")
class TrackedUserPermission(User.user_permissions.through):  # type: ignore[name-defined,misc]
    class Meta:
        proxy = True
        default_permissions = ()


@_track("Membership")
class TrackedMembership(Membership):
    class Meta:
        proxy = True
        default_permissions = ()


@_track(
    "ApiKey",
    exclude=("secret_hash", "previous_secret_hash", "last_used_at", "last_used_address"),
)
class TrackedApiKey(ApiKey):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("Price")
class TrackedPrice(Price):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("Terms")
class TrackedTerms(TopUpTerms):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("BonusRule")
class TrackedBonusRule(BonusRule):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("PromotionCode", exclude=("redeemed",))
class TrackedPromotionCode(PromotionCode):
    class Meta:
        proxy = True
        default_permissions = ()


@_track("Freeze")
class TrackedFreeze(Freeze):
    class Meta:
        proxy = True
        default_permissions = ()


class Trail(models.Model):
    """All that was done, by whom and why: the view of audit/sql/trail.sql."""

    id = models.CharField(primary_key=True, max_length=120)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    address = models.CharField(max_length=45, null=True)  # noqa: DJ001  # the view's
    path = models.CharField(max_length=300, null=True)  # noqa: DJ001
    act = models.CharField(max_length=50)
    subject = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=100)
    organization_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, null=True)  # noqa: DJ001
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        managed = False
        db_table = "audit_trail"
        verbose_name = "act"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.subject_id}"
