"""Pages of a list, by cursor: stable whatever is inserted meanwhile, and as quick at the end of a
long list as at its beginning (keyset, never an offset).

The rows' primary keys are UUIDv7, so their order is the order in which they were made.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Model, QuerySet

from accounts.errors import FieldError, InvalidParameters

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
NEWEST, OLDEST = "newest", "oldest"
ORDERS = (NEWEST, OLDEST)


def _signer(model: type[Model]) -> signing.Signer:
    """One for each kind of list: a cursor of another one is refused."""
    return signing.Signer(salt=f"accounts.pages.{model._meta.label_lower}")


@dataclass(frozen=True, slots=True)
class Page[M: Model]:
    """Rows in the order asked for. A cursor is "" where there is nothing more that way."""

    rows: Sequence[M]
    next_cursor: str
    previous_cursor: str


def page[M: Model](
    rows: QuerySet[M],
    *,
    cursor: str = "",
    limit: int = PAGE_SIZE,
    order: str = NEWEST,
    key: str = "pk",
) -> Page[M]:
    """One page of `rows`: one query.

    Args:
        rows: those of one tenant, filtered, in no order yet; their key is a UUIDv7.
        cursor: from an earlier page of the same list, or "" for the first page.
        limit: rows on a page, 1 to MAX_PAGE_SIZE.
        order: "newest" or "oldest" first.
        key: another field that is unique in the list and in the order in which rows were made.

    Raises:
        InvalidParameters: the cursor is not one of ours, or belongs to another list or order.
    """
    backwards, start = _read(cursor, order, rows.model)
    descending = (order == NEWEST) != backwards
    if start is not None:
        rows = rows.filter(**{f"{key}__lt" if descending else f"{key}__gt": start})
    found = list(rows.order_by(f"-{key}" if descending else key)[: limit + 1])
    shown, more = found[:limit], len(found) > limit
    if backwards:
        shown.reverse()
    has_next = bool(shown) and (backwards or more)
    has_previous = bool(shown) and (more if backwards else start is not None)
    return Page(
        shown,
        next_cursor=_write(shown[-1], key, order, backwards=False) if has_next else "",
        previous_cursor=_write(shown[0], key, order, backwards=True) if has_previous else "",
    )


def _write(row: Model, key: str, order: str, *, backwards: bool) -> str:
    value = getattr(row, key)
    shown = value.hex if isinstance(value, uuid.UUID) else value
    return _signer(type(row)).sign_object([order, backwards, shown])


def _read(cursor: str, order: str, model: type[Model]) -> tuple[bool, uuid.UUID | int | None]:
    if not cursor:
        return False, None
    try:
        made_for, backwards, key = _unsigned(cursor, model)
    except signing.BadSignature:
        made_for, backwards, key = "", False, ""
    if made_for != order:
        message = "cursor must be one that an answer of this list gave, with the same order"
        raise InvalidParameters([FieldError("?cursor", "invalid", message)])
    return backwards, key if isinstance(key, int) else uuid.UUID(key)


def _unsigned(cursor: str, model: type[Model]) -> Any:
    return _signer(model).unsign_object(cursor)
