"""The web's doors to API keys."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import api_keys, sealing, spending
from accounts.access import NotAllowed
from accounts.forms import EditKeyForm, NewKeyForm, RotationForm
from accounts.models import ApiKey, Scope
from accounts.views import MemberRequest, member_page

_NEW_SECRET = "new_api_key"  # noqa: S105  # its place in the session
_PURPOSE = "accounts.new_api_key"


@dataclass(frozen=True, slots=True)
class Row:
    """A key, and what it has spent in this month so far."""

    key: ApiKey
    spent_micros: int

    @property
    def has_all_scopes(self) -> bool:
        return set(self.key.scopes) >= set(Scope.values)

    @property
    def scope_labels(self) -> list[tuple[str, str]]:
        return [(scope, str(Scope(scope).label)) for scope in self.key.scopes]

    @property
    def spent_percent(self) -> int:
        """Of its budget, at most 100; a budget of nothing is spent."""
        budget = self.key.monthly_budget_micros
        return min(100, 100 * self.spent_micros // budget) if budget else 100


@require_safe
@member_page
def keys(request: MemberRequest) -> HttpResponse:
    """The organization's keys; the secret of one that was made just now is shown this once."""
    request.caller.require(Scope.KEYS_READ)
    found = list(api_keys.of(request.caller.organization_id).order_by("-id"))
    spent = spending.of_keys(key.pk for key in found)
    rows = [Row(key, spent.get(key.pk, 0)) for key in found]
    context = {
        "rows": [row for row in rows if not row.key.has_ended],
        "ended": [row for row in rows if row.key.has_ended],
        "may_manage": request.caller.may(Scope.KEYS_WRITE),
        "base_url": settings.PUBLIC_BASE_URL,
        **_new_secret(request, found),
    }
    return render(request, "accounts/api_keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def new_key(request: MemberRequest) -> HttpResponse:
    """Make a key; then the list, with its secret."""
    _require_manager(request)
    form = NewKeyForm(request.POST if request.method == "POST" else None, caller=request.caller)
    if form.is_valid():
        values = form.values
        api_keys.require_within(
            request.caller, **{name: values[name] for name in values if name != "name"}
        )
        key, secret = api_keys.create(
            request.caller.organization, created_by=request.user, by=request.caller, **values
        )
        return _shown_once(request, key, secret)
    status = 422 if form.errors else 200
    return render(request, "accounts/api_key_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def edit_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Change a key's name, scopes, budget, networks and end; its secret stays."""
    key = _own_key(request, key_id)
    form = EditKeyForm(
        request.POST if request.method == "POST" else None, caller=request.caller, key=key
    )
    if not key.has_ended and form.is_valid():
        try:
            api_keys.update(request.caller, key.pk, **form.values)
        except (NotAllowed, api_keys.KeyEnded) as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{form.values['name']} is changed, from now on.")
            return redirect("api_keys")
    status = 422 if form.errors else 200
    return render(request, "accounts/api_key_edit.html", {"key": key, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def rotate_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask for how long the present secret works on, then show the new one, this once."""
    key = _own_key(request, key_id)
    form = RotationForm(request.POST if request.method == "POST" else None)
    error = ""
    if form.is_valid():
        try:
            _require_within(request, key)
            key, secret = api_keys.rotate(key, by=request.caller, **form.cleaned_data)
        except (api_keys.KeyEnded, NotAllowed) as refused:
            error = refused.message
        else:
            return _shown_once(request, key, secret)
    context = {"key": key, "form": form, "error": error}
    status = 422 if error or form.errors else 200
    return render(request, "accounts/api_key_rotate.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def end_previous_secret(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask, then end the secret from before the last rotation at once."""
    key = _own_key(request, key_id)
    if request.method != "POST":
        return render(request, "accounts/api_key_end_previous.html", {"key": key})
    api_keys.end_previous_secret(key, by=request.caller)
    messages.success(request, f"The old secret of {key.name} has ended.")
    return redirect("api_keys")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def revoke_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask, then end a key at once."""
    key = _own_key(request, key_id)
    if request.method != "POST":
        return render(request, "accounts/api_key_revoke.html", {"key": key})
    api_keys.revoke(key, by=request.caller)
    messages.success(
        request, f"{key.name} is revoked. Programs that use it are refused from now on."
    )
    return redirect("api_keys")


def _shown_once(request: MemberRequest, key: ApiKey, secret: str) -> HttpResponse:
    """To the list, which shows the secret: sealed until then, so that loading the page again does
    not make another key."""
    fact = json.dumps([str(key.pk), secret]).encode()
    request.session[_NEW_SECRET] = sealing.seal(fact, purpose=_PURPOSE).decode()
    return redirect("api_keys")


def _new_secret(request: MemberRequest, found: list[ApiKey]) -> dict[str, Any]:
    """The key that has just got a secret, and that; forgotten with this look."""
    if request.method != "GET" or not (sealed := request.session.pop(_NEW_SECRET, "")):
        return {}
    try:
        key_id, secret = json.loads(sealing.unseal(sealed.encode(), purpose=_PURPOSE))
    except InvalidToken:  # SECRET_KEY was replaced in between
        return {}
    key = next((one for one in found if str(one.pk) == key_id), None)
    return {"new_key": key, "secret": secret} if key else {}


def _own_key(request: MemberRequest, key_id: uuid.UUID) -> ApiKey:
    """Strangers' keys are a 404, also to managers; one's own are for managers only."""
    key = get_object_or_404(ApiKey, pk=key_id, organization_id=request.caller.organization_id)
    _require_manager(request)
    return key


def _require_within(request: MemberRequest, key: ApiKey) -> None:
    """Whoever sees a key's secret can do what it may."""
    api_keys.require_within(
        request.caller,
        scopes=key.scopes,
        expires_at=key.expires_at,
        monthly_budget_micros=key.monthly_budget_micros,
        allowed_networks=key.allowed_networks,
    )


def _require_manager(request: MemberRequest) -> None:
    if not request.caller.may(Scope.KEYS_WRITE):
        raise NotAllowed("Only an owner or an admin may create, rotate and revoke API keys.")
