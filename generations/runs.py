"""A person's latest generations as the Studio follows them: where each stands, in three steps."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from generations import gallery, modes, places
from generations.models import Generation, State
from generations.modes import Mode
from generations.places import CONCURRENCY_LIMIT, PROVIDER_BUSY

SHOWN = 4
"""How many runs the Studio opens with; those that are open come on top."""
LOOKED_AT = 16
POSTER_TIME = timedelta(seconds=5)
"""A video is shown with its poster, or without one when that does not come by then."""
STEPS = ("Queued", "Processing", "Finishing")
_REASONS = {
    CONCURRENCY_LIMIT: "It waits for other videos of your organization.",
    PROVIDER_BUSY: "The model is busy; it is sent again in a moment.",
}


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    state: str  # "done", "current" or "next"


@dataclass(frozen=True, slots=True)
class Run:
    """A generation as its card in the Studio shows it. `media` and `price` must be selected."""

    generation: Generation
    reason: str = ""

    @property
    def is_live(self) -> bool:
        """Whether the card may still change by itself."""
        return gallery.is_live(self.generation) or self._awaits_poster

    @property
    def is_in_the_making(self) -> bool:
        return self.generation.is_open or self._awaits_poster

    @property
    def _awaits_poster(self) -> bool:
        row = self.generation
        media = row.media if gallery.has_media(row) else None
        return bool(media and not media.poster and timezone.now() - media.stored_at < POSTER_TIME)

    @property
    def at(self) -> int:
        """The step it is at, counted from 0."""
        row = self.generation
        if row.state in (State.QUEUED, State.SUBMITTING):
            return 0
        return 2 if row.next_media_at or not row.is_open else 1

    @property
    def steps(self) -> list[Step]:
        return [
            Step(label, "done" if i < self.at else "current" if i == self.at else "next")
            for i, label in enumerate(STEPS)
        ]

    @property
    def version(self) -> str:
        """Changes whenever what the card shows does."""
        if self.is_in_the_making:
            return f"{STEPS[self.at].lower()}{'-waits' if self.reason else ''}"
        has_video = "-video" if gallery.has_media(self.generation) else ""
        return f"{self.generation.state}{has_video}"

    @property
    def reason_in_words(self) -> str:
        """Why it is still queued, as far as there is a reason to tell."""
        return _REASONS.get(self.reason, "")

    @property
    def elapsed_seconds(self) -> int:
        """Since it was asked for; until it ended, when it has."""
        end = self.generation.completed_at or timezone.now()
        return max(0, int((end - self.generation.created_at).total_seconds()))

    @property
    def may_be_canceled(self) -> bool:
        return self.generation.state == State.QUEUED

    @property
    def mode(self) -> Mode:
        return modes.of_input(self.generation.model, self.generation.input)


def latest(organization_id: uuid.UUID, user_id: int) -> list[Run]:
    """What this person made last, newest first: two queries at most."""
    rows = (
        Generation.objects.filter(
            organization_id=organization_id, created_by_id=user_id, deleted_at__isnull=True
        )
        .select_related("media", "price")
        .order_by("-id")[:LOOKED_AT]
    )
    return _runs([row for i, row in enumerate(rows) if i < SHOWN or row.is_open])


def some(organization_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[Run]:
    """Those of `ids` that are the organization's: two queries at most."""
    return _runs(gallery.some(organization_id, ids))


def one(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Run:
    """Raises: GenerationMissing, also when it is another organization's."""
    return _runs([gallery.one(organization_id, generation_id)])[0]


def _runs(rows: Iterable[Generation]) -> list[Run]:
    rows = list(rows)
    reasons = places.queued_reasons(rows)
    return [Run(row, reasons.get(row.pk, "")) for row in rows]
