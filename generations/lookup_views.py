"""What the pages of generations share: a look-up that ends in a 404, and ids out of addresses."""

import uuid
from collections.abc import Callable

from django.http import Http404

from accounts.views import MemberRequest
from generations.submission import GenerationMissing


def or_404[T](
    ask: Callable[[uuid.UUID, uuid.UUID], T], request: MemberRequest, generation_id: uuid.UUID
) -> T:
    try:
        return ask(request.caller.organization_id, generation_id)
    except GenerationMissing as error:
        raise Http404(error.message) from error


def uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
