"""`expand[]`: ids replaced by their objects, in the answer only."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import errors
from sandbox.stripe.endpoints import whole
from sandbox.stripe.store import KINDS, Object, Store, prefix_of

_MAX_DEPTH = 4


def expanded(store: Store, answer: Object, paths: list[str]) -> Object:
    """Return `answer` with what `paths` name (`data.payment_intent.latest_charge`) filled in."""
    for path in paths:
        names = path.split(".")
        if len(names) > _MAX_DEPTH:
            raise errors.invalid(
                f"You cannot expand more than {_MAX_DEPTH} levels of a property ({path}).",
                param="expand",
            )
        answer = _filled(store, answer, names, path)
    return answer


def _filled(store: Store, item: Object, names: list[str], path: str) -> Object:
    if item.get("deleted"):
        return item
    name, rest = names[0], names[1:]
    if item.get("object") == "list" and name == "data":
        data = [_filled(store, one, rest, path) if rest else one for one in item["data"]]
        return {**item, "data": data}
    value = _included(store, item, name)
    if value is None:
        if name not in item:
            raise errors.invalid(f"This property cannot be expanded ({path}).", param="expand")
        value = _object_of(store, item[name], path)
    if value is not None and rest:
        value = _filled(store, value, rest, path)
    return {**item, name: value}


def _object_of(store: Store, value: Any, path: str) -> Object | None:
    """Return the object that an id stands for; raise where the member holds no id."""
    if value is None or isinstance(value, dict):
        return value
    if isinstance(value, str) and prefix_of(value) in KINDS:
        found = store.get(prefix_of(value), value)
        if found is not None:
            return found
    raise errors.invalid(f"This property cannot be expanded ({path}).", param="expand")


def _included(store: Store, item: Object, name: str) -> Object | None:
    """Return a list that is only part of an object when asked for."""
    kind, item_id = item.get("object"), item.get("id", "")
    if (kind, name) == ("checkout.session", "line_items"):
        return whole(store.line_items[item_id], url=f"/v1/checkout/sessions/{item_id}/line_items")
    if (kind, name) == ("charge", "refunds"):
        refunds = [one for one in store.all("re") if one["charge"] == item_id]
        return whole(refunds, url=f"/v1/charges/{item_id}/refunds")
    if (kind, name) == ("invoice", "payments"):
        payments = [one for one in store.all("inpay") if one["invoice"] == item_id]
        return whole(payments, url="/v1/invoice_payments")
    return None
