"""The gallery's filters, as they stand in its address."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse

from billing.forms import DaysForm
from generations import finding, gallery
from generations.models import VideoModel

MAX_SEARCH = 200
STATUSES = ("completed", "queued", "processing", "failed", "error", "canceled", "expired")
MODELS = {VideoModel.P_VIDEO.value: "P-Video", VideoModel.P_VIDEO_AVATAR.value: "P-Video Avatar"}
_ORDERS = {"": "Newest first", finding.OLDEST: "Oldest first"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the gallery's address without it."""

    label: str
    url: str


def address(query: Mapping[str, Any], name: str = "gallery", **more: Any) -> str:
    """A page of the gallery's with these filters."""
    found = {**query, **{key: value for key, value in more.items() if value}}
    return f"{reverse(name)}?{urlencode(found)}" if found else reverse(name)


class GalleryForm(DaysForm):
    """Which generations. What cannot be chosen on the page is not complained of: it is no filter.

    Args:
        makers: from `gallery.makers`; without them nobody can be named.
    """

    q = forms.CharField(required=False, label="Search prompts", max_length=MAX_SEARCH)
    state = forms.CharField(required=False, label="State")
    model = forms.CharField(required=False, label="Model")
    by = forms.CharField(required=False, label="Made by")
    order = forms.CharField(required=False, label="Sort")
    field_order = ["q", "state", "model", "by"]

    def __init__(self, data: Any, *, makers: Sequence[gallery.Maker] = ()) -> None:
        super().__init__(data)
        self._makers = {maker.value: maker.label for maker in makers}
        members = [(maker.value, maker.label) for maker in makers if not maker.is_key]
        keys = [(maker.value, maker.label) for maker in makers if maker.is_key]
        self._offer("state", [("", "Any state"), *((one, one.capitalize()) for one in STATUSES)])
        self._offer("model", [("", "Any model"), *MODELS.items()])
        everyone = [("", "Made by anyone"), ("Members", members), ("API keys", keys)]
        self._offer("by", [one for one in everyone if one[1]])
        self._offer("order", list(_ORDERS.items()))
        self.fields["q"].widget = forms.TextInput(
            {"class": "input", "type": "search", "placeholder": "Search prompts and scripts"}
            | {"autocomplete": "off", "maxlength": MAX_SEARCH, "spellcheck": "false"}
        )

    def _offer(self, name: str, choices: list[Any]) -> None:
        label = {"aria-label": self.fields[name].label}
        self.fields[name].widget = forms.Select({"class": "input"} | label, choices)

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].split())

    def clean_state(self) -> str:
        return self._known("state", STATUSES)

    def clean_model(self) -> str:
        return self._known("model", MODELS)

    def clean_order(self) -> str:
        return self._known("order", _ORDERS)

    def clean_by(self) -> str:
        kind, _, name = self.cleaned_data["by"].partition(":")
        return self.cleaned_data["by"] if _maker(kind, name) else ""

    def _known(self, name: str, values: Any) -> str:
        value: str = self.cleaned_data[name]
        return value if value in values else ""

    @property
    def wanted(self) -> finding.Filter:
        """What was asked for. Only of a valid form."""
        given = self.cleaned_data
        since, until = self.moments
        return finding.Filter(
            words=finding.words(given["q"]),
            states=tuple(gallery.STATES_OF[given["state"]]) if given["state"] else (),
            model=given["model"],
            since=since,
            until=until,
            order=given["order"] or finding.NEWEST,
            **_maker(*given["by"].split(":", 1)) if given["by"] else {},
        )

    @property
    def chips(self) -> list[Chip]:
        """What is set, but for the order; of an invalid form, nothing."""
        if not self.is_valid():
            return []
        query = self.query

        def chip(label: str, *names: str) -> Chip:
            left = {name: value for name, value in query.items() if name not in names}
            return Chip(label, address(left))

        chips = []
        if text := query.get("q"):
            chips.append(chip(f"“{text}”", "q"))
        if state := query.get("state"):
            chips.append(chip(state.capitalize(), "state"))
        if model := query.get("model"):
            chips.append(chip(MODELS[model], "model"))
        if by := query.get("by"):
            chips.append(chip(f"By {self._makers.get(by, 'someone who left')}", "by"))
        if days := self.days:
            chips.append(chip(days, "from", "to", "zone"))
        return chips

    @property
    def days(self) -> str:
        """The days in words, "" for all."""
        if not self.is_valid():
            return ""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        if since and since == until:
            return f"{since:%-d %b %Y}"
        if since and until:
            return f"{since:%-d %b %Y} to {until:%-d %b %Y}"
        if since:
            return f"Since {since:%-d %b %Y}"
        return f"Until {until:%-d %b %Y}" if until else ""


def _maker(kind: str, name: str) -> dict[str, Any]:
    """As arguments of `finding.Filter`; empty for what names nobody."""
    if kind == "member" and name.isascii() and name.isdigit() and len(name) < 19:
        return {"member": int(name)}
    if kind == "key":
        try:
            return {"api_key": uuid.UUID(name)}
        except ValueError:
            return {}
    return {}
