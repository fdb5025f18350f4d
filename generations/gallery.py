"""What an organization has made: pages of its gallery, and one generation with its story."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import DomainError
from billing.models import Entry
from generations.models import (
    PUBLIC_STATUS,
    Generation,
    GenerationEvent,
    State,
    hold_reference,
)
from generations.submission import GenerationMissing

PAGE_SIZE = 24
POSTER_TIME = timedelta(minutes=1)
"""A poster that has not come by then will not come."""
STATES_OF = {
    status: [state.value for state in State if PUBLIC_STATUS.get(state, state.value) == status]
    for status in {PUBLIC_STATUS.get(state, state.value) for state in State}
}
"""Our own states, by the status that customers see."""
LIVE_AT_MOST = 100
"""How many cards one live request may ask after."""


class NoContentYet(DomainError):
    """There is no such file, or not yet."""

    code = "no_content_yet"


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first.

    `next_before` is the id to continue below, `previous_after` the one to go back above; each is
    None where there is nothing more in that direction.
    """

    rows: Sequence[Generation]
    next_before: uuid.UUID | None
    previous_after: uuid.UUID | None = None

    @property
    def is_live(self) -> bool:
        return any(is_card_live(row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Story:
    """One generation with all that its page tells."""

    generation: Generation
    events: Sequence[GenerationEvent]
    entries: Sequence[Entry]


def page(
    organization_id: uuid.UUID,
    *,
    before: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
    states: Sequence[str] = (),
    model: str = "",
) -> Page:
    """One page of an organization's generations, with their media: one query.

    Args:
        before: the last id of the page above; ids are sorted by time.
        after: the first id of the page below, to go back up; not together with `before`.
        size: rows on a page.
        states: only these, when any are given.
        model: only this one, when given.
    """
    rows = _of(organization_id)
    if states:
        rows = rows.filter(state__in=states)
    if model:
        rows = rows.filter(model=model)
    if after is not None:
        found = list(rows.filter(id__gt=after).order_by("id")[: size + 1])
        shown = found[:size][::-1]
        more_above, more_below = len(found) > size, True
    else:
        if before is not None:
            rows = rows.filter(id__lt=before)
        found = list(rows.order_by("-id")[: size + 1])
        shown = found[:size]
        more_above, more_below = before is not None, len(found) > size
    return Page(
        shown,
        next_before=shown[-1].id if shown and more_below else None,
        previous_after=shown[0].id if shown and more_above else None,
    )


def some(organization_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[Generation]:
    """Those of `ids` that are the organization's (strangers' are left out): one query."""
    return list(_of(organization_id).filter(id__in=ids[:LIVE_AT_MOST])) if ids else []


def one(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Generation:
    """Raises: GenerationMissing, also when it is another organization's."""
    generation = _of(organization_id).filter(id=generation_id).first()
    if generation is None:
        raise GenerationMissing("There is no such generation.")
    return generation


def story(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Story:
    """One generation, what happened to it, and what moved on the ledger for it: three queries.

    Raises:
        GenerationMissing: also when it is another organization's.
    """
    generation = one(organization_id, generation_id)
    return Story(
        generation,
        events=list(GenerationEvent.objects.filter(generation=generation).order_by("id")),
        entries=list(
            Entry.objects.filter(
                wallet_id=organization_id, reference=hold_reference(generation_id)
            ).order_by("sequence")
        ),
    )


def is_live(generation: Generation) -> bool:
    """Whether its page may still change by itself: open, or expired with a video on the way."""
    return generation.is_open or generation.next_media_at is not None


def is_card_live(generation: Generation) -> bool:
    """Whether its card may still change: the poster comes a moment after the video."""
    if is_live(generation):
        return True
    media = generation.media if has_media(generation) else None
    return bool(media and not media.poster and timezone.now() - media.stored_at < POSTER_TIME)


def card_version(generation: Generation) -> str:
    """Changes whenever what a card shows does: as `version`, and whether there is a poster."""
    poster = has_media(generation) and bool(generation.media.poster)
    return f"{version(generation)}-poster" if poster else version(generation)


def has_media(generation: Generation) -> bool:
    """Whether the video is in our storage. `media` must have been selected."""
    return hasattr(generation, "media")


def version(generation: Generation) -> str:
    """Changes whenever what its page shows does: the state, and whether there is a video."""
    return f"{generation.state}-media" if has_media(generation) else str(generation.state)


def _of(organization_id: uuid.UUID) -> QuerySet[Generation]:
    return Generation.objects.filter(
        organization_id=organization_id, deleted_at__isnull=True
    ).select_related("media", "price")
