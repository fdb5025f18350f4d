"""What was done to one row, and to one organization; and what changed in it."""

from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from accounts.models import Organization
from audit.models import Trail

SHOWN = 20

VERBS = {"insert": "added", "update": "changed", "delete": "deleted"}
"""What a trigger calls it, and what people do. Other acts say what they are."""


def of(row: Model) -> QuerySet[Trail]:
    """The latest first. Of an organization: also what was done to all that is its own."""
    wanted = Q(subject=row._meta.concrete_model._meta.label_lower, subject_id=str(row.pk))  # type: ignore[union-attr]
    if isinstance(row, Organization):
        assert isinstance(row.pk, UUID)
        wanted |= Q(organization_id=row.pk)
    return Trail.objects.filter(wanted).select_related("actor").order_by("-at", "-id")


def changes(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[tuple[str, Any, Any]]:
    """The fields that differ: name, value before, value after. Of a new row, those with a value.

    What an act tells of before and not of after is what it met: the same value twice.
    """
    old, new = before or {}, after or {}
    met = {name: value for name, value in old.items() if new and name not in new}
    names = [*old, *(name for name in new if name not in old)]
    return [
        (name, old.get(name), new.get(name, met.get(name)))
        for name in names
        if name in met
        or (
            old.get(name) != new.get(name) and not (not old and new.get(name) in ("", None, [], {}))
        )
    ]


def verb(act: str) -> str:
    return VERBS.get(act, act.replace("_", " "))
