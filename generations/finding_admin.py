"""Generations, as the admin's search box finds them: by Pixazo's request id, or by their own."""

import uuid

from django.db.models import Q

from backoffice import finding
from generations.models import Generation


@finding.finder
def generations(term: str, found: finding.Found) -> None:
    """`p-video_019...` is Pixazo's; a UUID, also as the ledger's reference, is ours."""
    wanted = Q(provider_request_id=term)
    try:
        wanted = Q(pk=uuid.UUID(term.removeprefix("generation:")))
    except ValueError:
        if "@" in term:
            return
    for pk, organization in Generation.objects.filter(wanted).values_list("pk", "organization"):
        found.add(finding.GENERATION, [pk])
        found.add(finding.ORGANIZATION, [organization])
