"""Personal data and prompts are shown to whoever may see them; others see that there is something.

Two permissions decide: PERSONAL_DATA (who a customer is) and PROMPTS (what a customer makes).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest
from django.utils.text import capfirst

PERSONAL_DATA = "accounts.view_personal_data"
PROMPTS = "generations.view_prompts"
HIDDEN = "•••"

_KEYS: dict[str, str] = {
    **dict.fromkeys(("email", "name", "address", "last_used_address"), PERSONAL_DATA),
    **dict.fromkeys(("input", "prompt", "metadata", "body"), PROMPTS),
}
"""Names under which rows kept as JSON hold such data."""


@cache
def _hidden(name: str, label: str) -> Callable[[Model], str]:
    """A column that says nothing. The same one each time: the admin compares them."""

    def column(row: Model) -> str:
        return HIDDEN

    column.short_description = label  # type: ignore[attr-defined]
    column.__name__ = f"hidden_{name}"
    return column


def may_see(request: HttpRequest, permission: str) -> bool:
    return bool(request.user.has_perm(permission))


def redacted(request: HttpRequest, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Facts of a row, as whoever asks may see them."""
    return {
        name: HIDDEN if value and name in _KEYS and not may_see(request, _KEYS[name]) else value
        for name, value in (facts or {}).items()
    }


class Masked:
    """Lists, pages and forms in which some columns need a permission.

    Attributes:
        masked: a field or a column's name, and the permission that shows it. Relations to a user
            need PERSONAL_DATA without being named: what a user is shown as is the e-mail address.
    """

    model: type[Model]
    masked: ClassVar[Mapping[str, str]] = {}

    def permission_of(self, name: str) -> str | None:
        if name in self.masked:
            return self.masked[name]
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        related = getattr(field.related_model, "_meta", None)
        is_user = related is not None and related.label == settings.AUTH_USER_MODEL
        return PERSONAL_DATA if is_user else None

    def shown(self, request: HttpRequest, columns: Iterable[Any]) -> tuple[Any, ...]:
        """The columns, with those hidden that whoever asks may not see."""
        return tuple(self._one(request, column) for column in columns)

    def _one(self, request: HttpRequest, column: Any) -> Any:
        if isinstance(column, (list, tuple)):
            return self.shown(request, column)
        name = column if isinstance(column, str) else getattr(column, "__name__", "")
        permission = self.permission_of(name)
        if permission is None or may_see(request, permission):
            return column
        label = getattr(column, "short_description", name.replace("_", " "))
        return _hidden(name, str(capfirst(label)))

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.shown(request, super().get_list_display(request))  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (title, {**options, "fields": self.shown(request, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)  # type: ignore[misc]
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Hidden columns are never part of a form."""
        fields = self.shown(request, super().get_readonly_fields(request, obj))  # type: ignore[misc]
        hidden = [
            _hidden(name, str(capfirst(name.replace("_", " "))))
            for name in (field.name for field in self.model._meta.fields)
            if (permission := self.permission_of(name)) and not may_see(request, permission)
        ]
        return (*fields, *(column for column in hidden if column not in fields))
