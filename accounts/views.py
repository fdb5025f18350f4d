"""The web's doors to organizations and API keys, and the door that every member's page has."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import api_keys
from accounts.access import Caller, NotAllowed
from accounts.middleware import SESSION_KEY
from accounts.models import ApiKey, Membership, Scope, User

LONGEST_KEY_DAYS = 3650
_KEPT_ON_SWITCH = frozenset({"studio", "gallery", "billing", "statement", "api_keys"})
"""Pages that every organization has: a switch stays on them."""


class MemberRequest(HttpRequest):
    """A request that has passed `member_page`."""

    user: User
    caller: Caller
    htmx: HtmxDetails


def member_page[**P](
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in who is logged in and belongs to an organization; never cache what they see.

    A stranger goes to the login (htmx takes the whole page there), `NotAllowed` becomes a 403.
    """

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = cast(MemberRequest, request)
        if not request.user.is_authenticated:
            if member.htmx:
                here = member.htmx.current_url_abs_path or "/"
                return HttpResponseClientRedirect(redirect_to_login(here).url)
            return redirect_to_login(request.get_full_path())
        if not member.caller:
            return render(request, "accounts/no_organization.html", status=403)
        try:
            return view(member, *args, **kwargs)
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    return guarded


@require_POST
@member_page
def switch_organization(request: MemberRequest) -> HttpResponse:
    """Work in another of one's organizations; one that is not one's own is a 404."""
    membership = _membership(request.user, request.POST.get("organization_id", ""))
    request.session[SESSION_KEY] = str(membership.organization_id)
    messages.success(request, f"You are now working in {membership.organization.name}.")
    page = request.POST.get("next", "")
    return redirect(page if page in _KEPT_ON_SWITCH else "studio")


def _membership(user: User, organization_id: str) -> Membership:
    try:
        wanted = uuid.UUID(organization_id)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(
        Membership.objects.select_related("organization"), user=user, organization_id=wanted
    )


class ApiKeyForm(forms.Form):
    """What a new key is called, what it may do, and for how long."""

    name = forms.CharField(
        max_length=100,
        help_text="What will use it, so that you know it again.",
        widget=forms.TextInput(attrs={"placeholder": "Production server", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[
            (Scope.GENERATIONS_READ, "See generations"),
            (Scope.GENERATIONS_WRITE, "Make generations (spends credits)"),
            (Scope.WALLET_READ, "See the balance"),
            (Scope.BILLING_WRITE, "Start purchases of credits"),
        ],
        initial=[scope for scope in Scope.values if scope != Scope.BILLING_WRITE],
        widget=forms.CheckboxSelectMultiple,
    )
    expires_in_days = forms.IntegerField(
        label="Ends after",
        required=False,
        min_value=1,
        max_value=LONGEST_KEY_DAYS,
        help_text="Days. Empty: it works until it is revoked.",
        widget=forms.NumberInput(attrs={"placeholder": "Never", "inputmode": "numeric"}),
    )


@require_http_methods(["GET", "POST"])
@member_page
def keys(request: MemberRequest) -> HttpResponse:
    """The organization's keys; POST makes one and shows its secret, this once."""
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
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    return _keys_page(request, ApiKeyForm(), new_key=key, secret=secret)


def _keys_page(
    request: MemberRequest, form: ApiKeyForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    keys = (
        ApiKey.objects.filter(organization_id=request.caller.organization_id)
        .select_related("created_by")
        .order_by("-id")
    )
    context = {"keys": keys, "form": form, "now": timezone.now(), **extra}
    whole = not request.htmx
    template = "accounts/api_keys.html" if whole else "partials/api_keys.html"
    return render(request, template, context, status=status)


@require_http_methods(["GET", "POST"])
@member_page
def revoke_key(request: MemberRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ask, then end a key at once. Strangers' keys are a 404, also to managers."""
    key = get_object_or_404(ApiKey, pk=key_id, organization_id=request.caller.organization_id)
    _require_manager(request)
    if request.method == "GET":
        return render(request, "accounts/api_key_revoke.html", {"key": key})
    api_keys.revoke(key)
    messages.success(
        request, f"{key.name} is revoked. Programs that use it are refused from now on."
    )
    return redirect("api_keys")


def _require_manager(request: MemberRequest) -> None:
    if not request.caller.is_manager:
        raise NotAllowed("Only an owner or an admin may create and revoke API keys.")
