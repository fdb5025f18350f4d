"""Pages of a list, by cursor: stable whatever is inserted meanwhile, and as quick at the end of a
long list as at its beginning (keyset, never an offset).

The rows' primary keys are UUIDv7, so their order is the order in which they were made.
"""

import uuid
from collections.abc import Callable, Sequence
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
class Page[R]:
    """Rows in the order asked for. A cursor is "" where there is nothing more that way."""

    rows: Sequence[R]
    next_cursor: str
    previous_cursor: str


Key = uuid.UUID | int
"""What rows are ordered by."""
type Reader[R] = Callable[[bool, Key | None, int], list[R]]
"""Reads rows: whether in descending order; below which key (above, when ascending); how many."""


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

    def read(descending: bool, beyond: Key | None, count: int) -> list[M]:
        wanted = rows
        if beyond is not None:
            wanted = rows.filter(**{f"{key}__lt" if descending else f"{key}__gt": beyond})
        return list(wanted.order_by(f"-{key}" if descending else key)[:count])

    return cut(read, of=rows.model, cursor=cursor, limit=limit, order=order, key=key)


def cut[R](
    read: Reader[R],
    *,
    of: type[Model],
    cursor: str = "",
    limit: int = PAGE_SIZE,
    order: str = NEWEST,
    key: str = "pk",
) -> Page[R]:
    """As `page`, of rows that the caller reads.

    Args:
        read: called once.
        of: whose rows they are: a cursor of another list is refused.
        key: the attribute of a row that `read` takes.
    """
    backwards, start = _read(cursor, order, of)
    found = read((order == NEWEST) != backwards, start, limit + 1)
    shown, more = found[:limit], len(found) > limit
    if backwards:
        shown.reverse()
    has_next = bool(shown) and (backwards or more)
    has_previous = bool(shown) and (more if backwards else start is not None)

    def beside(row: R, *, backwards: bool) -> str:
        value = getattr(row, key)
        written = value.hex if isinstance(value, uuid.UUID) else value
        return _signer(of).sign_object([order, backwards, written])

    return Page(
        shown,
        next_cursor=beside(shown[-1], backwards=False) if has_next else "",
        previous_cursor=beside(shown[0], backwards=True) if has_previous else "",
    )


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
