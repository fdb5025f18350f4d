"""The REST API's doors for API keys."""

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api_keys, body_api, key_shapes, money, pages, query_api, spending
from accounts.authentication import caller
from accounts.idempotent_views import idempotent
from accounts.models import ApiKey, Scope, User
from accounts.resource_api import Resource

TAG = "API keys"
DEFAULT_OVERLAP_SECONDS = 24 * 3600


def as_json(key: ApiKey, *, spent_micros: int = 0, secret: str = "") -> dict[str, Any]:
    """A key as the API shows it; with its secret only when that was made just now."""
    budget = key.monthly_budget_micros
    return {
        "id": str(key.pk),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "allowed_networks": list(key.allowed_networks),
        "monthly_budget": None if budget is None else money.dollars(budget),
        "spent_this_month": money.dollars(spent_micros),
        "currency": money.CURRENCY,
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "rotated_at": _moment(key.rotated_at),
        "previous_secret_expires_at": _moment(key.previous_expires_at),
        "last_used_at": _moment(key.last_used_at),
        "last_used_address": key.last_used_address,
        "revoked_at": _moment(key.revoked_at),
        **({"secret": secret} if secret else {}),
    }


def _moment(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


class ApiKeys(Resource):
    answers_secrets = True
    scopes = {"GET": Scope.KEYS_READ, "POST": Scope.KEYS_WRITE}
    queried = ("GET",)
    errors = {"POST": ("invalid_scopes", "invalid_networks")}

    @extend_schema(
        operation_id="list_api_keys",
        summary="List API keys",
        description="Revoked and expired ones too; never their secrets.",
        tags=[TAG],
        parameters=query_api.PAGING_PARAMETERS,
        responses={200: OpenApiResponse(key_shapes.KEY_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        paging = query_api.read(request, query_api.PAGING)
        page = pages.page(api_keys.of(caller(request).organization_id), **paging)
        spent = spending.of_keys(key.pk for key in page.rows)
        return Response(
            query_api.page_as_json(
                request, page, lambda key: as_json(key, spent_micros=spent.get(key.pk, 0))
            )
        )

    @extend_schema(
        operation_id="create_api_key",
        summary="Create an API key",
        description="The answer is the only one that shows the secret. A key can be given no more "
        "than its maker has: no further scopes, no later end, no wider networks; and a key with a "
        "budget cannot make keys that spend.",
        tags=[TAG],
        request=key_shapes.KEY_REQUEST,
        responses={201: OpenApiResponse(key_shapes.NEW_KEY, "Made.")},
        extensions={
            "x-location": True,
            "x-example": {
                "name": "Production server",
                "scopes": ["generations:read", "generations:write"],
                "monthly_budget": "100.00",
                "allowed_networks": ["203.0.113.0/24"],
            },
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        who = caller(request)
        wanted = body_api.members(request, _MEMBERS, required=("name", "scopes"))
        wanted["scopes"] = api_keys.known_scopes(wanted["scopes"])
        api_keys.require_within(
            who,
            scopes=wanted["scopes"],
            expires_at=wanted.get("expires_at"),
            monthly_budget_micros=wanted.get("monthly_budget"),
            allowed_networks=wanted.get("allowed_networks", ()),
        )
        key, secret = api_keys.create(
            who.organization,
            name=wanted["name"],
            scopes=wanted["scopes"],
            created_by=User(pk=who.user_id) if who.user_id else None,
            by=who,
            expires_at=wanted.get("expires_at"),
            monthly_budget_micros=wanted.get("monthly_budget"),
            allowed_networks=wanted.get("allowed_networks", ()),
        )
        key.refresh_from_db()
        headers = {"Location": f"/api/v1/api-keys/{key.pk}"}
        return Response(as_json(key, secret=secret), status=201, headers=headers)


class OneApiKey(Resource):
    scopes = {"GET": Scope.KEYS_READ, "PATCH": Scope.KEYS_WRITE, "DELETE": Scope.KEYS_WRITE}
    errors = {"PATCH": ("invalid_scopes", "invalid_networks", "key_ended")}

    @extend_schema(
        operation_id="retrieve_api_key",
        summary="Retrieve an API key",
        description="What it may do, what it has spent and when it was used; never its secret.",
        tags=[TAG],
        responses={200: OpenApiResponse(key_shapes.KEY, "The key.")},
    )
    def get(self, request: Request, key_id: uuid.UUID) -> Response:
        return Response(_shown(api_keys.one(caller(request).organization_id, key_id)))

    @extend_schema(
        operation_id="update_api_key",
        summary="Change an API key",
        description="From the next request on. Its secrets and what it has spent stay. A key "
        "cannot be changed into what its changer may not make: no further scopes, no later end, "
        "no wider networks; and a key with a budget cannot change keys that spend.",
        tags=[TAG],
        request=key_shapes.KEY_CHANGES,
        responses={200: OpenApiResponse(key_shapes.KEY, "As it is now.")},
        extensions={"x-example": {"monthly_budget": "250.00", "name": "Production server"}},
    )
    def patch(self, request: Request, key_id: uuid.UUID) -> Response:
        changes = body_api.members(request, _MEMBERS)
        if "monthly_budget" in changes:
            changes["monthly_budget_micros"] = changes.pop("monthly_budget")
        return Response(_shown(api_keys.update(caller(request), key_id, **changes)))

    @extend_schema(
        operation_id="revoke_api_key",
        summary="Revoke an API key",
        description="At once and for good, with all its secrets. It stays in the list.",
        tags=[TAG],
        responses={204: OpenApiResponse(None, "Revoked.")},
    )
    def delete(self, request: Request, key_id: uuid.UUID) -> Response:
        who = caller(request)
        api_keys.revoke(api_keys.one(who.organization_id, key_id), by=who)
        return Response(status=204)


class RotateApiKey(Resource):
    answers_secrets = True
    scopes = {"POST": Scope.KEYS_WRITE}
    errors = {"POST": ("invalid_overlap", "key_ended")}

    @extend_schema(
        operation_id="rotate_api_key",
        summary="Rotate an API key",
        description="A new secret, shown only in this answer; the present one works for "
        "`overlap_seconds` more. The key keeps its id, scopes, budget and what it has spent of it.",
        tags=[TAG],
        request=key_shapes.ROTATION_REQUEST,
        responses={200: OpenApiResponse(key_shapes.NEW_KEY, "The key, with its new secret.")},
        extensions={"x-example": {"overlap_seconds": DEFAULT_OVERLAP_SECONDS}},
    )
    @idempotent
    def post(self, request: Request, key_id: uuid.UUID) -> Response:
        who = caller(request)
        key = api_keys.one(who.organization_id, key_id)
        wanted = body_api.members(request, {"overlap_seconds": _seconds})
        if who.api_key_id != key.pk:
            api_keys.require_within(
                who,
                scopes=key.scopes,
                expires_at=key.expires_at,
                monthly_budget_micros=key.monthly_budget_micros,
                allowed_networks=key.allowed_networks,
            )
        overlap = wanted.get("overlap_seconds", DEFAULT_OVERLAP_SECONDS)
        key, secret = api_keys.rotate(key, overlap_seconds=overlap, by=who)
        return Response(_shown(key, secret=secret))


def _shown(key: ApiKey, *, secret: str = "") -> dict[str, Any]:
    spent = spending.of_keys([key.pk]).get(key.pk, 0)
    return as_json(key, spent_micros=spent, secret=secret)


# --- Reading ---------------------------------------------------------------------------------


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 100 or not value.isprintable():
        raise ValueError("must be 1 to 100 printable characters")
    return value.strip()


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be an array of strings")
    return value


def _future(value: Any) -> dt.datetime | None:
    if value is None:
        return None
    try:
        moment = query_api.moment(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"{error}, or null") from None
    if moment <= timezone.now():
        raise ValueError("must be in the future")
    return moment  # type: ignore[no-any-return]


def _budget(value: Any) -> int | None:
    if value is None:
        return None
    try:
        micros = money.parse(value if isinstance(value, str) else "")
    except ValueError:
        micros = -1
    if micros < 0:
        raise ValueError('must be null, or dollars as a decimal string such as "100.00"')
    return micros


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be an integer")
    return value


_MEMBERS: dict[str, body_api.Check] = {
    "name": _name,
    "scopes": _texts,
    "expires_at": _future,
    "monthly_budget": _budget,
    "allowed_networks": _texts,
}
