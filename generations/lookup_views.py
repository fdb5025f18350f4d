"""What the pages of generations share: a look-up that ends in a 404, and parts of addresses."""

import uuid
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from django.http import Http404
from django.urls import reverse

from accounts.views import MemberRequest
from generations.errors import GenerationMissing


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


def suffix(query: Mapping[str, str]) -> str:
    """The gallery's filters, to be put behind an address."""
    return f"?{urlencode(query)}" if query else ""


def back(query: Mapping[str, str], more: Mapping[str, object] | None = None) -> str:
    """Where in the gallery a form was, for `gallery_again`."""
    return urlencode({**query, **{name: one for name, one in (more or {}).items() if one}})


def gallery_again(query: str) -> str:
    """The gallery with the filters that a form has kept: only ever an address of the gallery's."""
    return f"{reverse('gallery')}{suffix(dict(parse_qsl(query)))}"


def videos(count: int) -> str:
    return "1 video" if count == 1 else f"{count} videos"
