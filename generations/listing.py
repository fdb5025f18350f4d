"""An organization's generations for the API: a page of them, or one, by one plain statement each.

Written in SQL, because through the ORM it took longer to build and to read the same statement than
all else that an answer takes (docs/performance.md). Each filter has an index that ends in the id.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts import pages
from backoffice.dated_ids import SLACK, first_id
from generations.errors import GenerationMissing
from generations.gallery import STATES_OF
from generations.models import Generation
from generations.shown import Files, Shown

_OWN = Shown._fields[1:-1]
_JSON = [Shown._fields.index(name) for name in ("input", "metadata")]
_ROWS = (
    f"SELECT id, {', '.join(_OWN)} FROM generations_generation"  # noqa: S608  # names of columns
    " WHERE organization_id = %(organization_id)s AND deleted_at IS NULL"
)
_FILES = ", ".join(Files._fields)
# LATERAL and OFFSET 0: media are looked up one by one, for the rows of the page alone.
_MEDIA = (
    f"LEFT JOIN LATERAL (SELECT {_FILES} FROM generations_media"  # noqa: S608  # our own
    " WHERE generation_id = g.id OFFSET 0) m ON true"
)
_WHERE = {
    "state": "state = %(state)s",
    "states": "state = ANY(%(states)s)",
    "model": "model = %(model)s",
    "api_key": "api_key_id = %(api_key)s",
    "created_after": "created_at >= %(created_after)s AND id >= %(id_after)s",
    "created_before": "created_at < %(created_before)s AND id < %(id_before)s",
    # The second condition is the index's own: without it the index would not be used.
    "metadata": "metadata @> %(metadata)s::jsonb AND NOT metadata = '{}'",
}


def page(
    organization_id: uuid.UUID,
    *,
    status: str = "",
    model: str = "",
    api_key: uuid.UUID | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    metadata: Mapping[str, str] | None = None,
    cursor: str = "",
    limit: int = pages.PAGE_SIZE,
    order: str = pages.NEWEST,
) -> pages.Page[Shown]:
    """One page of the organization's generations.

    Args:
        status: as customers see it; "" for any.
        created_after: from this moment on.
        created_before: up to this moment, without it.
        metadata: members that its metadata must have, with these texts.
        cursor, limit, order: as for `accounts.pages.page`.

    Raises:
        InvalidParameters: as `accounts.pages.page` does.
    """
    states = STATES_OF[status] if status else []
    given: dict[str, Any] = {
        "state": states[0] if len(states) == 1 else None,
        "states": states if len(states) > 1 else None,
        "model": model,
        "api_key": api_key,
        "created_after": created_after,
        "created_before": created_before,
        "metadata": json.dumps(metadata) if metadata else None,
    }
    conditions = [_WHERE[name] for name, value in given.items() if value]
    if created_after:
        given["id_after"] = first_id(created_after, later=-SLACK)
    if created_before:
        given["id_before"] = first_id(created_before, later=SLACK)

    def rows(descending: bool, beyond: pages.Key | None, count: int) -> list[Shown]:
        values = {**given, "organization_id": organization_id, "beyond": beyond, "count": count}
        from_there = [] if beyond is None else [f"id {'<' if descending else '>'} %(beyond)s"]
        return _read([*conditions, *from_there], values, order="DESC" if descending else "ASC")

    return pages.cut(rows, of=Generation, cursor=cursor, limit=limit, order=order)


def one(organization_id: uuid.UUID, generation_id: uuid.UUID) -> Shown:
    """Raises: GenerationMissing, also when it is another organization's."""
    values = {"organization_id": organization_id, "id": generation_id, "count": 1}
    found = _read(["id = %(id)s"], values)
    if not found:
        raise GenerationMissing("There is no such generation.")
    return found[0]


def _read(
    conditions: Sequence[str], values: Mapping[str, Any], *, order: str = "ASC"
) -> list[Shown]:
    rows = f"{' AND '.join((_ROWS, *conditions))} ORDER BY id {order} LIMIT %(count)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT g.*, {_FILES} FROM ({rows}) g {_MEDIA} ORDER BY id {order}",  # noqa: S608
            values,
        )
        return [_shown(row) for row in cursor.fetchall()]


def _shown(row: tuple[Any, ...]) -> Shown:
    own, files = list(row[: len(_OWN) + 1]), row[len(_OWN) + 1 :]
    for place in _JSON:
        own[place] = json.loads(own[place])
    return Shown._make([*own, None if files[0] is None else Files._make(files)])
