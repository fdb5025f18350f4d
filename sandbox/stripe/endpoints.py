"""What an API endpoint is, and what its handler gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import errors
from sandbox.stripe.parameters import CREATED, LISTING, NOTHING, Group, Kind
from sandbox.stripe.store import Object, Store

DEFAULT_PAGE = 10


@dataclass(frozen=True)
class Call:
    """One request as its handler sees it: parameters already read, `ids` from the path."""

    state: SandboxState
    params: dict[str, Any]
    ids: tuple[str, ...] = ()

    @property
    def store(self) -> Store:
        """The objects."""
        return self.state.stripe


Handler = Callable[[Call], Object]


@dataclass(frozen=True)
class Endpoint:
    """One method and path (`{}` stands for an id), its handler and what it takes."""

    method: str
    path: str
    handler: Handler
    takes: Group = field(default_factory=lambda: Group(NOTHING))


def listing(
    filters: Mapping[str, Kind] | None = None,
    *,
    required: tuple[str, ...] = (),
    by_creation: bool = True,
) -> Group:
    """Return what a list endpoint takes: the usual parameters and its own `filters`.

    `by_creation` is whether it also filters by the moment of creation.
    """
    created = {"created": CREATED} if by_creation else {}
    return Group({**LISTING, **created, **(filters or {})}, required)


def page(call: Call, found: list[Object], *, url: str) -> Object:
    """Return the list object for `found` (newest first), cut as the request asks."""
    params = call.params
    created = params.get("created")
    if created is not None:
        found = [one for one in found if _within(one["created"], created)]
    ids = [one["id"] for one in found]
    limit = params.get("limit", DEFAULT_PAGE)
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in ids:
            raise errors.missing("object", params[name], param=name)
    if "starting_after" in params:
        rest = found[ids.index(params["starting_after"]) + 1 :]
        data, more = rest[:limit], len(rest) > limit
    elif "ending_before" in params:
        rest = found[: ids.index(params["ending_before"])]
        data, more = rest[-limit:], len(rest) > limit
    else:
        data, more = found[:limit], len(found) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def whole(found: list[Object], *, url: str) -> Object:
    """Return a list object with everything in `found`."""
    return {"object": "list", "data": found, "has_more": False, "url": url}


def matching(found: list[Object], params: dict[str, Any], *names: str) -> list[Object]:
    """Return the objects whose members `names` have the values that the request filters by."""
    wanted = {name: params[name] for name in names if name in params}
    return [one for one in found if all(one[name] == value for name, value in wanted.items())]


def _within(moment: int, created: int | dict[str, int]) -> bool:
    if isinstance(created, int):
        return moment == created
    return (
        moment > created.get("gt", -1)
        and moment >= created.get("gte", 0)
        and moment < created.get("lt", moment + 1)
        and moment <= created.get("lte", moment)
    )
