"""The front page, for who is not signed in: what this is, and what it costs."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billing import bonuses, pricing
from billing.models import Price
from generations.models import VideoModel

SHOWCASE = (
    ("text", "Text to video", "A lighthouse at dusk, waves below"),
    ("image", "Image to video", "Clouds drift over the hills"),
    ("audio", "Audio-driven", "Neon rain, in time with the beat"),
    ("avatar", "Talking avatar", "Good morning, and welcome."),
)
"""File in static/showcase/ (sandbox/media/showcase.py), words, prompt."""
MODEL_NAMES = {VideoModel.P_VIDEO.value: "P-Video", VideoModel.P_VIDEO_AVATAR.value: "Avatar"}
MOST_SECONDS, MOST_VIDEOS = 600, 100_000
_FIRST_PRICE, _FIRST_SECONDS, _FIRST_VIDEOS = "p-video:1080p:", 8, 10


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the price table, and of the calculator's choices."""

    price: Price

    @property
    def key(self) -> str:
        return f"{self.price.model}:{self.price.resolution}:{'draft' if self.price.draft else ''}"

    @property
    def label(self) -> str:
        draft = ", draft" if self.price.draft else ""
        return (
            f"{MODEL_NAMES.get(self.price.model, self.price.model)} {self.price.resolution}{draft}"
        )

    @property
    def ten_seconds_micros(self) -> int:
        return pricing.cost_micros(self.price, 10)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The Studio for who is signed in; for all others the front page. Three queries at most.

    The calculator is its form's GET: `price` (a row's key), `seconds` and `videos`. htmx gets its
    result alone.
    """
    if request.user.is_authenticated:
        return redirect("studio")
    rows = [Row(price) for price in pricing.all_in_force(organization_id=None)]
    context: dict[str, Any] = {"rows": rows, "sum": _sum(request, rows)}
    if request.headers.get("HX-Target") == "sum":
        return render(request, "landing/sum.html", context)
    context |= {
        "showcase": SHOWCASE,
        "bonus": bonuses.rule_in_force(),
        "base_url": settings.PUBLIC_BASE_URL,
        "cheapest_micros": min((row.price.customer_micros_per_second for row in rows), default=0),
    }
    return render(request, "landing/landing.html", context)


def _sum(request: HttpRequest, rows: list[Row]) -> dict[str, Any]:
    """What the calculator says: the row, the figures that count, and the amount in micros."""
    wanted = request.GET.get("price", _FIRST_PRICE)
    row = next((row for row in rows if row.key == wanted), rows[0] if rows else None)
    seconds = _whole(request, "seconds", first=_FIRST_SECONDS, most=MOST_SECONDS)
    videos = _whole(request, "videos", first=_FIRST_VIDEOS, most=MOST_VIDEOS)
    one = pricing.cost_micros(row.price, seconds) if row else 0
    return {"row": row, "seconds": seconds, "videos": videos, "one": one, "all": one * videos}


def _whole(request: HttpRequest, name: str, *, first: int, most: int) -> int:
    """A number of the calculator's; what is none, or out of bounds, becomes the nearest that is."""
    text = request.GET.get(name, "").strip()
    if not text.isascii() or not text.isdigit():
        return first
    return max(1, min(most, int(text[:9])))
