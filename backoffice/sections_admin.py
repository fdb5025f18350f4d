"""A row's page as sections: facts and short tables about it, from whichever package knows them.

A section is a function of the request and the row. It is registered for a model by its label, so
that an organization's page shows its money although `accounts` knows of none. Each reads a bounded
number of rows in a fixed number of queries; links lead to the whole lists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from backoffice.big_admin import LookupAdmin
from backoffice.masking_admin import HIDDEN, may_see

MOST_ROWS = 20
"""Rows of a section's table; its link shows the rest."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. Texts are escaped where they are printed.

    Attributes:
        raw: text that keeps its lines, such as JSON; it is shown in a box that scrolls.
        is_trouble: what staff should look at.
    """

    text: object = ""
    url: str = ""
    is_number: bool = False
    raw: bool = False
    is_trouble: bool = False


Value = Cell | object


@dataclass(frozen=True, slots=True)
class Section:
    """Facts, then a table, then a link to the whole.

    Attributes:
        on_top: above the row's own fields: what staff come for.
    """

    name: str
    title: str
    facts: Sequence[tuple[str, Value]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Value]] = ()
    empty: str = ""
    says: str = ""
    links: Sequence[tuple[str, str]] = field(default_factory=list)
    on_top: bool = False

    @property
    def shown_facts(self) -> list[tuple[str, Cell]]:
        """Those that say something."""
        return [(name, as_cell(value)) for name, value in self.facts if as_cell(value).text != ""]

    @property
    def shown_rows(self) -> list[list[tuple[str, Cell]]]:
        return [
            [(name, as_cell(value)) for name, value in zip(self.head, row, strict=True)]
            for row in self.rows
        ]


Make = Callable[[HttpRequest, Any], Section | None]
_sections: dict[str, list[tuple[int, Make]]] = {}


def section(label: str, *, place: int) -> Callable[[Make], Make]:
    """Show what this makes on the page of each row of a model; None shows nothing.

    Args:
        label: of the model, as `app.model`.
        place: sections stand in this order.
    """

    def register(make: Make) -> Make:
        _sections.setdefault(label, []).append((place, make))
        _sections[label].sort(key=lambda one: one[0])
        return make

    return register


def of(request: HttpRequest, row: Model) -> list[Section]:
    made = (make(request, row) for _, make in _sections.get(row._meta.label_lower, ()))
    return [one for one in made if one is not None]


def as_cell(value: Value) -> Cell:
    if isinstance(value, Cell):
        return value
    if isinstance(value, datetime):
        return Cell(moment(value))
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    return Cell("" if value is None else value)


def moment(value: datetime | None) -> str:
    """To the second, in UTC: what happened first is the question."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


def link(request: HttpRequest, text: object, url_name: str, *args: object) -> Cell:
    """To a page of the admin, for whoever may see it; for others the text alone."""
    app, model = url_name.rsplit("_", 1)[0].split("_", 1)
    if not request.user.has_perm(f"{app}.view_{model}"):
        return Cell(text)
    return Cell(text, url=reverse(f"admin:{url_name}", args=args))


def masked(request: HttpRequest, permission: str, value: Value) -> Value:
    """The value, or that there is one."""
    if may_see(request, permission) or as_cell(value).text == "":
        return value
    return HIDDEN


class SectionedAdmin(LookupAdmin):
    """Pages with the sections of their model, and what staff did below."""

    change_form_outer_before_template = "backoffice/top_sections.html"
    change_form_outer_after_template = "backoffice/sections.html"

    class Media:
        css = {"all": ["css/records.css"]}  # Django's own way

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            context["sections"] = of(request, row)
        return super().render_change_form(request, context, *args, **kwargs)
