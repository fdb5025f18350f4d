"""The web's doors to API keys."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import api_keys, spending
from accounts.access import NotAllowed
from accounts.forms import ApiKeyForm, RotationForm
from accounts.models import ApiKey, Scope
from accounts.views import MemberRequest, member_page


@require_http_methods(["GET", "POST"])
@member_page
def keys(request: MemberRequest) -> HttpResponse:
    """The organization's keys; POST makes one and shows its secret, this once."""
    request.caller.require(Scope.KEYS_READ)
    if request.method == "POST":
        return _create_key(request)
    return _keys_page(request, ApiKeyForm())


def _create_key(request: MemberRequest) -> HttpResponse:
    _require_manager(request)
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _keys_page(request, form, status=422)
    days = form.cleaned_data["expires_in_days"]
    key, secret = api_keys.create(
        request.caller.organization,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        created_by=request.user,
        by=request.caller,
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        monthly_budget_micros=form.cleaned_data["monthly_budget"],
        allowed_networks=form.cleaned_data["allowed_networks"],
    )
    return _keys_page(request, ApiKeyForm(), new_key=key, secret=secret)


def _keys_page(
    request: MemberRequest, form: ApiKeyForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    keys = list(api_keys.of(request.caller.organization_id).order_by("-id"))
    spent = spending.of_keys(key.pk for key in keys)
    rows = [{"key": key, "spent_micros": spent.get(key.pk, 0)} for key in keys]
    may_manage = request.caller.may(Scope.KEYS_WRITE)
    context = {"rows": rows, "form": form, "now": timezone.now(), "may_manage": may_manage, **extra}
    whole = not request.htmx
    template = "accounts/api_keys.html" if whole else "partials/api_keys.html"
    return render(request, template, context, status=status)


@require_http_methods(["GET", "POST"])
@member_page
def rotate_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask for how long the present secret works on, then show the new one, this once."""
    key = _own_key(request, key_id)
    form = RotationForm(request.POST if request.method == "POST" else None)
    error = ""
    if form.is_valid():
        try:
            key, secret = api_keys.rotate(key, by=request.caller, **form.cleaned_data)
        except api_keys.KeyEnded as ended:
            error = ended.message
        else:
            return _keys_page(request, ApiKeyForm(), new_key=key, secret=secret)
    context = {"key": key, "form": form, "error": error, "now": timezone.now()}
    status = 200 if request.method == "GET" else 422
    return render(request, "accounts/api_key_rotate.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_page
def revoke_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask, then end a key at once."""
    key = _own_key(request, key_id)
    if request.method == "GET":
        return render(request, "accounts/api_key_revoke.html", {"key": key})
    api_keys.revoke(key, by=request.caller)
    messages.success(
        request, f"{key.name} is revoked. Programs that use it are refused from now on."
    )
    return redirect("api_keys")


def _own_key(request: MemberRequest, key_id: uuid.UUID) -> ApiKey:
    """Strangers' keys are a 404, also to managers; one's own are for managers only."""
    key = get_object_or_404(ApiKey, pk=key_id, organization_id=request.caller.organization_id)
    _require_manager(request)
    return key


def _require_manager(request: MemberRequest) -> None:
    if not request.caller.may(Scope.KEYS_WRITE):
        raise NotAllowed("Only an owner or an admin may create, rotate and revoke API keys.")
