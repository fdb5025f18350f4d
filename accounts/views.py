"""The web's door to organizations, and the door that every member's page has."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import organizations
from accounts.access import Caller, NotAllowed
from accounts.middleware import SESSION_KEY
from accounts.models import Membership, User

_KEPT_ON_SWITCH = frozenset(
    {
        *("studio", "gallery", "billing", "statement", "top_ups", "usage"),
        *("api_keys", "webhooks", "webhooks_deliveries", "team"),
        *("settings", "settings_media", "settings_notifications", "settings_audit"),
    }
)
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
    organizations.enter(request.user, membership.organization)
    messages.success(request, f"You are now working in {membership.organization.name}.")
    page = request.POST.get("next", "")
    try:
        return redirect(reverse(page if page in _KEPT_ON_SWITCH else "studio"))
    except NoReverseMatch:  # a page that this installation does not have
        return redirect("studio")


def _membership(user: User, organization_id: str) -> Membership:
    try:
        wanted = uuid.UUID(organization_id)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(
        Membership.objects.select_related("organization").filter(organization__deleted_at=None),
        user=user,
        organization_id=wanted,
    )
