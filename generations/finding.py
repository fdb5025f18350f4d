"""Which of an organization's generations a filter leaves: a page of their ids, by keyset.

Each single filter has an index that ends in the id, so that its pages are read off. For words, and
for several filters at once, there cannot be one: what is frequent is met soon by walking down one
filter's index, and what is not met there is rare enough to be gathered by all of them and sorted.
Left to choose between the two, PostgreSQL now and then walks through everything.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from backoffice.dated_ids import SLACK, first_id
from generations.models import ENDED_STATES, OPEN_STATES

NEWEST, OLDEST = "newest", "oldest"
WALK = 1000
"""Rows that are looked at one by one before the indexes are asked."""
MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted; by default everything, newest first.

    Attributes:
        words: each must occur in the prompt or the script, in upper or lower case.
        states: our own; any when empty.
        since, until: accepted from this moment on, and before that one.
    """

    words: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    model: str = ""
    api_key: uuid.UUID | None = None
    member: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: str = NEWEST


EVERYTHING = Filter()

# In the order in which they are walked down: the one that leaves least is first.
_CONDITIONS = {
    "api_key": "api_key_id = %(api_key)s",
    "member": "created_by_id = %(member)s",
    "states": "state = ANY(%(states)s)",
    "model": "model = %(model)s",
}
_RANGE = {
    "since": "created_at >= %(since)s AND id >= %(id_since)s",
    "until": "created_at < %(until)s AND id < %(id_until)s",
    "below": "id < %(below)s",
    "above": "id > %(above)s",
}
_ROWS = "generations_generation WHERE organization_id = %(organization)s AND deleted_at IS NULL"


def ids(
    organization_id: uuid.UUID,
    wanted: Filter,
    *,
    below: uuid.UUID | None = None,
    above: uuid.UUID | None = None,
    descending: bool,
    count: int,
) -> list[uuid.UUID]:
    """Ids in the order asked for: one statement, or two where words or several filters find
    less than `count` among the first WALK rows.

    Args:
        below, above: only older, or newer, than this id.
        descending: newest first; `wanted.order` is not looked at.
    """
    values: dict[str, Any] = {
        **{"organization": organization_id, "below": below, "above": above, "count": count},
        **{name: getattr(wanted, name) for name in (*_CONDITIONS, "since", "until")},
        "states": list(wanted.states),
        "id_since": wanted.since and first_id(wanted.since, later=-SLACK),
        "id_until": wanted.until and first_id(wanted.until, later=SLACK),
    }
    rows = " AND ".join([_ROWS, *(text for name, text in _RANGE.items() if values[name])])
    conditions = [text for name, text in _CONDITIONS.items() if values[name]]
    page = f"ORDER BY id {'DESC' if descending else 'ASC'} LIMIT"
    if wanted.words or len(conditions) > 1:
        return _met(rows, conditions, page, values, wanted.words)
    statement = " AND ".join([f"SELECT id FROM {rows}", *conditions])  # noqa: S608  # our own
    return _read(f"{statement} {page} %(count)s", values)


def _met(
    rows: str, conditions: list[str], page: str, values: dict[str, Any], words: tuple[str, ...]
) -> list[uuid.UUID]:
    """Those of `rows` that meet all conditions and have all words: first by walking down."""
    walked = " AND ".join([rows, *conditions[:1]])
    for number, word in enumerate(words):
        values[f"word{number}"] = _pattern(word)
        conditions.append(f"generations_words(input) ILIKE %(word{number})s")
    met = " AND ".join(conditions)
    values |= {"walk": WALK, "ended": list(ENDED_STATES), "open": list(OPEN_STATES)}
    found = _read(
        f"SELECT id FROM (SELECT * FROM {walked} {page} %(walk)s) AS walked"  # noqa: S608
        f" WHERE {met} {page} %(count)s",
        values,
    )
    if len(found) == values["count"]:
        return found
    # MATERIALIZED: all of them, so that the number that is wanted misleads nobody.
    return _read(
        f"WITH found AS MATERIALIZED ("  # noqa: S608
        f"SELECT id FROM {rows} AND {met} AND state = ANY(%(ended)s)"
        f" UNION ALL SELECT id FROM {rows} AND {met} AND state = ANY(%(open)s)"
        f") SELECT id FROM found {page} %(count)s",
        values,
    )


def _read(statement: str, values: dict[str, Any]) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def words(text: str) -> tuple[str, ...]:
    """What was typed, as `Filter.words`."""
    return tuple(dict.fromkeys(text.replace("\0", "").lower().split()))[:MAX_WORDS]


def _pattern(word: str) -> str:
    """One or two letters begin a word: they are too few for an index of any three in a row."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"% {escaped}%" if len(word) < 3 and word.isascii() else f"%{escaped}%"
