"""The door that an invitation's link opens: for anybody who has it."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations, joining, organizations
from accounts.joining import Reader
from accounts.middleware import SESSION_KEY
from accounts.models import Invitation, Role, User
from accounts.rate_limit_views import client_address


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites to what; POST accepts. Any link that does not work is the same friendly page."""
    found = invitations.by_token(token)
    if found is None:
        return _missing(request)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST":
        return _accept(request, user, token)
    return _page(request, found, user)


def _page(
    request: HttpRequest, found: Invitation, user: User | None, *, status: int = 200
) -> HttpResponse:
    standing = joining.reader(found, user)
    if standing is Reader.STRANGER:
        # Who has the link has read the mailbox: a sign-up with its address needs no other proof.
        get_adapter().stash_verified_email(request, found.email)
    here = urlencode({"next": request.path})
    context = {
        "invitation": found,
        "standing": standing.name,
        "has_account": User.objects.filter(email__iexact=found.email).exists(),
        "login_url": f"{reverse('account_login')}?{here}",
        "signup_url": f"{reverse('account_signup')}?{here}&{urlencode({'email': found.email})}",
    }
    return render(request, "accounts/invitation.html", context, status=status)


def _accept(request: HttpRequest, user: User | None, token: str) -> HttpResponse:
    if user is None:
        return redirect_to_login(request.path)
    try:
        membership = joining.accept(user, token, address=client_address(request))
    except invitations.InvitationMissing:
        return _missing(request)
    except joining.InvitationForOther:
        found = invitations.by_token(token)
        return _page(request, found, user, status=403) if found else _missing(request)
    organization = membership.organization
    request.session[SESSION_KEY] = str(organization.pk)
    organizations.enter(user, organization)
    messages.success(request, f"Welcome to {organization.name}.")
    return redirect("gallery" if membership.role == Role.VIEWER else "studio")


def _missing(request: HttpRequest) -> HttpResponse:
    """The same for links that are unknown, expired, revoked or used."""
    return render(request, "accounts/invitation_missing.html", status=404)
