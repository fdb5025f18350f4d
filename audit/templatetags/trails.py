"""The audit's part of a row's page in the admin."""

from typing import Any

from django import template
from django.db.models import Model
from django.template.context import RequestContext

from audit import trails
from backoffice.masking_admin import HIDDEN, PERSONAL_DATA, may_see, redacted

register = template.Library()


@register.inclusion_tag("audit/section.html", takes_context=True)
def trail_of(context: RequestContext, row: Model | None) -> dict[str, Any]:
    """The latest acts on a row, for those who may see the audit."""
    request = context["request"]
    if row is None or not request.user.has_perm("audit.view_trail"):
        return {"shown": False}
    acts = list(trails.of(row)[: trails.SHOWN + 1])
    return {
        "shown": True,
        "row": row,
        "acts": [described(request, act) for act in acts[: trails.SHOWN]],
        "more": len(acts) > trails.SHOWN,
    }


def described(request: Any, act: Any) -> dict[str, Any]:
    """An act as whoever asks may see it."""
    personal = may_see(request, PERSONAL_DATA)
    by_staff = act.actor is not None
    return {
        "act": act,
        "verb": trails.verb(act.act),
        "who": str(act.actor) if by_staff else "not by staff",
        "address": (act.address if personal else HIDDEN) if act.address else "",
        "changes": trails.changes(redacted(request, act.before), redacted(request, act.after)),
    }
