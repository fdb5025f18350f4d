"""What an organization has made: pages of its gallery, and one generation with its story."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import ApiKey, User
from billing.models import Entry
from generations import finding
from generations.errors import GenerationMissing
from generations.models import (
    PUBLIC_STATUS,
    Generation,
    GenerationEvent,
    State,
    hold_reference,
)

PAGE_SIZE = 24
POSTER_TIME = timedelta(minutes=1)
"""A poster that has not come by then will not come."""
STATES_OF = {
    status: [state.value for state in State if PUBLIC_STATUS.get(state, state.value) == status]
    for status in {PUBLIC_STATUS.get(state, state.value) for state in State}
}
"""Our own states, by the status that customers see."""
MAKERS_AT_MOST = 200
LIVE_AT_MOST = 100
"""How many cards one live request may ask after."""


class NoContentYet(DomainError):
    """There is no such file, or not yet."""

    code = "no_content_yet"


@dataclass(frozen=True, slots=True)
class Page:
    """Generations in the order asked for, and whether there is more either way."""

    rows: Sequence[Generation]
    has_next: bool
    has_previous: bool

    @property
    def is_live(self) -> bool:
        return any(is_card_live(row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Maker:
    """A member, or an API key, whose generations one may ask for.

    `value` is its name in an address: "member:7", "key:0199...".
    """

    value: str
    label: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Story:
    """One generation with all that its page tells."""

    generation: Generation
    events: Sequence[GenerationEvent]
    entries: Sequence[Entry]

    @property
    def steps(self) -> Iterator[tuple[GenerationEvent, timedelta | None]]:
        """The events, each with the time since the one before."""
        before = None
        for event in self.events:
            yield event, event.created_at - before if before else None
            before = event.created_at


def page(
    organization_id: uuid.UUID,
    wanted: finding.Filter = finding.EVERYTHING,
    *,
    before: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page of what the filter leaves, with media: two queries, or three (`finding.ids`).

    Args:
        before: only older than this id; ids are sorted by time.
        after: only newer than this id; not together with `before`.
        size: rows on a page.
    """
    is_newest_first = wanted.order == finding.NEWEST
    backwards = (after if is_newest_first else before) is not None
    found = finding.ids(
        organization_id,
        wanted,
        below=before,
        above=after,
        descending=is_newest_first != backwards,
        count=size + 1,
    )
    shown, more = found[:size], len(found) > size
    if backwards:
        shown.reverse()
    there = _of(organization_id).in_bulk(shown)
    return Page(
        [there[one] for one in shown if one in there],
        has_next=backwards or more,
        has_previous=more if backwards else (before or after) is not None,
    )


def beside(
    organization_id: uuid.UUID, wanted: finding.Filter, generation_id: uuid.UUID
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """What stands before and after a generation in the gallery: one query each way, or two."""

    def first(**beyond: uuid.UUID) -> uuid.UUID | None:
        found = finding.ids(
            organization_id, wanted, **beyond, descending="below" in beyond, count=1
        )
        return found[0] if found else None

    older, newer = first(below=generation_id), first(above=generation_id)
    return (newer, older) if wanted.order == finding.NEWEST else (older, newer)


def newer(organization_id: uuid.UUID, wanted: finding.Filter, than: uuid.UUID) -> int:
    """How many have come since, at most PAGE_SIZE."""
    found = finding.ids(organization_id, wanted, above=than, descending=False, count=PAGE_SIZE)
    return len(found)


def makers(organization_id: uuid.UUID) -> list[Maker]:
    """Members and API keys, by name: two queries."""
    members = User.objects.filter(memberships__organization_id=organization_id)
    keys = ApiKey.objects.filter(organization_id=organization_id)
    return [
        *(
            Maker(f"member:{user.pk}", user.name or user.email, is_key=False)
            for user in members.order_by("name", "email")[:MAKERS_AT_MOST]
        ),
        *(
            Maker(f"key:{key.pk}", f"{key.name}{' (revoked)' if key.revoked_at else ''}", True)
            for key in keys.order_by("revoked_at", "name", "pk")[:MAKERS_AT_MOST]
        ),
    ]


def some(organization_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[Generation]:
    """Those of `ids` that are the organization's (strangers' are left out): one query."""
    return list(_of(organization_id).filter(id__in=ids[:LIVE_AT_MOST])) if ids else []


def one(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Generation:
    """Raises: GenerationMissing, also when it is another organization's."""
    generation = _of(organization_id).filter(id=generation_id).first()
    if generation is None:
        raise GenerationMissing("There is no such generation.")
    return generation


def locked(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Generation:
    """As `one`, its row locked: for use in a transaction."""
    rows = _of(organization_id).select_for_update(no_key=True, of=("self",))
    generation = rows.filter(id=generation_id).first()
    if generation is None:
        raise GenerationMissing("There is no such generation.")
    return generation


def story(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Story:
    """One generation, what happened to it, and what moved on the ledger for it: three queries.

    Raises:
        GenerationMissing: also when it is another organization's.
    """
    rows = _of(organization_id).select_related("created_by", "api_key")
    generation = rows.filter(id=generation_id).first()
    if generation is None:
        raise GenerationMissing("There is no such generation.")
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
