"""How generations and money are written on the pages."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Organization, User
from billing import forms as billing_forms
from billing import money
from billing.models import Entry, EntryKind
from billing.statement_views import Line
from generations import gallery, media_links, modes, retention, titles
from generations.models import Generation, Media, State, VideoModel
from generations.parameters import PARAMETERS

register = template.Library()

STATE_LABELS = {
    State.QUEUED: "Accepted",
    State.SUBMITTING: "Being sent to the model",
    State.UNCONFIRMED: "Sent, waiting for the model's answer",
    State.PROCESSING: "The model is working on it",
    State.COMPLETED: "Completed",
    State.FAILED: "Failed",
    State.ERROR: "System error",
    State.CANCELED: "Canceled",
    State.EXPIRED: "Not finished in time",
}
ENTRY_LABELS = {
    EntryKind.HOLD: "Held",
    EntryKind.CAPTURE: "Charged",
    EntryKind.RELEASE: "Released",
}


@register.simple_tag
def sandbox_url() -> str:
    """The sandbox's address, or "" where the real provider is used."""
    return str(settings.SANDBOX_URL)


@register.simple_tag
def organizations_of(user: User) -> list[Organization]:
    """The organizations to switch between: one query."""
    return list(Organization.objects.filter(members=user).order_by("name", "id"))


@register.simple_tag
def generations_there(lines: Iterable[Line]) -> dict[uuid.UUID, Generation]:
    """Those of the generations that a statement names which its reader can open: one query."""
    named = {line.generation_id for line in lines if line.generation_id}
    return Generation.objects.only("input").in_bulk(named)


@register.filter
def of_line(there: dict[uuid.UUID, Generation], line: Line) -> Generation | None:
    """The line's generation, if it is there."""
    return there.get(line.generation_id) if line.generation_id else None


@register.filter
def dollars(micros: int | None) -> str:
    """320_000 -> "$0.32"."""
    return "" if micros is None else money.display(micros)


@register.filter
def dollar_text(micros: int) -> str:
    """12_500_000 -> "12.50": for a field or an address."""
    return billing_forms.typed(micros)


@register.filter
def signed_dollars(micros: int) -> str:
    """320_000 -> "+$0.32"; a minus and a zero are typographic ones (U+2212, en dash)."""
    if not micros:
        return "\u2013"
    return f"{'+' if micros > 0 else chr(0x2212)}{money.display(abs(micros))}"


@register.filter
def model_label(model: str) -> str:
    """The model's name as a person reads it."""
    return {VideoModel.P_VIDEO: "P-Video", VideoModel.P_VIDEO_AVATAR: "P-Video Avatar"}.get(
        VideoModel(model), model
    )


@register.filter
def state_label(state: str) -> str:
    """What a change of state means, in the timeline's words."""
    return STATE_LABELS[State(state)]


@register.filter
def status_label(generation: Generation) -> str:
    """The badge's word."""
    return generation.public_status.capitalize()


@register.filter
def entry_label(entry: Entry) -> str:
    """A ledger entry's kind as a person reads it."""
    return ENTRY_LABELS.get(EntryKind(entry.kind)) or EntryKind(entry.kind).label


@register.filter
def excerpt(generation: Generation) -> str:
    """The words that the video was made from, cut to a card's length."""
    return titles.of(generation)


@register.filter
def full_words(generation: Generation) -> str:
    """The prompt or the script, whole."""
    return titles.full(generation)


@register.filter
def file_name(generation: Generation) -> str:
    """What its video is called when it is saved."""
    return titles.file_name(generation)


@register.filter
def parameter_rows(generation: Generation) -> list[dict[str, Any]]:
    """The input as rows of a table, named as in the Studio, in the reference's order, then
    whatever else there is. A switch that only asks the provider for a health check is none of it.
    """
    table, mode = PARAMETERS[generation.model], modes.of_input(generation.model, generation.input)
    names = [parameter.name for parameter in table if parameter.name in generation.input]
    names += [name for name in generation.input if name not in names]
    kinds = {parameter.name: parameter.kind for parameter in table}
    return [
        {
            "name": name,
            "label": mode.label_of(name),
            "value": _readable(generation.input[name]),
            "is_url": kinds.get(name) == "url",
        }
        for name in names
        if generation.input[name] not in ("", None) and name != "no_op"
    ]


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@register.filter
def has_media(generation: Generation) -> bool:
    """Whether there is a video to play."""
    return gallery.has_media(generation)


@register.filter
def media_of(generation: Generation) -> Media | None:
    """The finished file, or None."""
    return generation.media if gallery.has_media(generation) else None


@register.filter
def is_live(generation: Generation) -> bool:
    """Whether the card may still change by itself."""
    return gallery.is_card_live(generation)


@register.filter
def version(generation: Generation) -> str:
    """What the card shows, as a word to compare."""
    return gallery.card_version(generation)


@register.filter
def removed(generation: Generation) -> str:
    """Why the video that there was is gone, or ""."""
    return retention.told(generation) if generation.media_removed_at else ""


@register.filter
def video_url(generation: Generation) -> str:
    """Signed link to the video, or ""."""
    return media_links.video_url(generation)


@register.filter
def download_url(generation: Generation) -> str:
    """As `video_url`, but saved rather than shown. A link into S3 is signed as it stands."""
    url = media_links.video_url(generation)
    return url if settings.MEDIA_S3_BUCKET else f"{url}?download"


@register.filter
def poster_url(generation: Generation) -> str:
    """Signed link to the poster, or ""."""
    return media_links.poster_url(generation)


@register.filter
def preview_url(generation: Generation) -> str:
    """Signed link to the small preview, or ""."""
    return media_links.preview_url(generation)


@register.filter
def seconds(milliseconds: int) -> str:
    """5_042 -> "5.0 s"."""
    return f"{milliseconds / 1000:.1f} s"


@register.filter
def passed(span: timedelta) -> str:
    """0:00:04.2 -> "4.2 s"; 0:02:05 -> "2 min 5 s"."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


@register.filter
def ago(moment: datetime) -> SafeString:
    """A <time> that says "3 minutes ago"; its title is the moment (in UTC)."""
    return _time(moment, _ago(timezone.now() - moment) or _day(moment), "ago")


@register.filter
def moment(moment: datetime) -> SafeString:
    """A <time> that says "22 Nov 2026, 21:52:31 UTC" (localised by a script)."""
    return _time(moment, f"{moment.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC", "moment")


@register.filter
def day(moment: datetime) -> SafeString:
    """A <time> that says "22 Nov 2026"."""
    return _time(moment, _day(moment), "day")


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%-d %b %Y}"


_UNITS = (("minute", 60, 3600), ("hour", 3600, 86400), ("day", 86400, 30 * 86400))


def _ago(passed: timedelta) -> str:
    """The largest unit only; "" for what is better said as a date."""
    seconds = int(passed.total_seconds())
    if seconds < 60:
        return "just now"
    for unit, length, limit in (
        ("minute", 60, 3600),
        ("hour", 3600, 86400),
        ("day", 86400, 2592000),
    ):
        if seconds < limit:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return ""


def _time(moment: datetime, text: str, kind: str) -> SafeString:
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-time="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%-d %b %Y, %H:%M}",
        kind,
        text,
    )


@register.filter
def short_id(value: uuid.UUID) -> str:
    """An id's last characters: the first ones are the time."""
    return str(value)[-8:]
