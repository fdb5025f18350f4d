"""The web's door to organizations, and the door that every member's page has."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
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
from accounts.templatetags.working_in import FIELD as WORKING_IN

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
    working_in: uuid.UUID
    """The organization that the page's forms name (accounts/templatetags/working_in.py)."""


def member_page[**P](
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in who is logged in and belongs to an organization; never cache what they see.

    A stranger goes to the login (htmx takes the whole page there), `NotAllowed` becomes a 403, and
    a form that stood on another organization's page a 409.
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
        member.working_in = member.caller.organization_id
        if _is_of_other(member):
            return _other_organization(member)
        try:
            return view(member, *args, **kwargs)
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    return guarded


def _is_of_other(request: MemberRequest) -> bool:
    """Whether a form was sent that another organization's page had. One that names none is taken:
    nothing is gained by leaving the name out."""
    named = request.POST.get(WORKING_IN) if request.method == "POST" else None
    return named is not None and named != request.working_in.hex


def _other_organization(request: MemberRequest) -> HttpResponse:
    try:
        named = uuid.UUID(request.POST[WORKING_IN])
    except ValueError:
        other = None
    else:
        mine = Membership.objects.filter(user=request.user, organization__deleted_at=None)
        other = mine.filter(organization_id=named).select_related("organization").first()
    return render(request, "accounts/other_organization.html", {"other": other}, status=409)


@require_POST
@never_cache
@login_required
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Work in another of one's organizations; one that is not one's own is a 404.

    No `member_page`: it leads from any organization's page to any other.
    """
    user = cast(User, request.user)
    membership = _membership(user, request.POST.get("organization_id", ""))
    request.session[SESSION_KEY] = str(membership.organization_id)
    organizations.enter(user, membership.organization)
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
