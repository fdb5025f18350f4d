"""The web's doors to an organization's members and invitations."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, pages, spending, team
from accounts.access import NotAllowed
from accounts.errors import InvalidParameters
from accounts.middleware import SESSION_KEY
from accounts.models import Membership, Role
from accounts.team_forms import ROLE_HELP, InviteForm, MemberForm
from accounts.views import MemberRequest, member_page

PAGE_SIZE = 50
INVITATIONS_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def members(request: MemberRequest) -> HttpResponse:
    """Who belongs to the organization, and who is invited; POST invites."""
    if request.method == "POST":
        return _invite(request)
    return _page(request, InviteForm(request.caller))


def _invite(request: MemberRequest) -> HttpResponse:
    request.caller.require_manager("invite people")
    form = InviteForm(request.caller, request.POST)
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            made = invitations.invite(
                request.caller, email=wanted["email"], role=Role(wanted["role"])
            )
        except (
            invitations.AlreadyMember,
            invitations.AlreadyInvited,
            invitations.TooManyInvitations,
        ) as error:
            form.add_error("email", error.message)
        else:
            messages.success(request, f"An invitation is on its way to {made.email}.")
            return redirect("team")
    return _page(request, form, status=422)


def _page(request: MemberRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    caller = request.caller
    try:
        page = pages.page(
            team.of(caller),
            cursor=request.GET.get("cursor", ""),
            limit=PAGE_SIZE,
            order=pages.OLDEST,
        )
    except InvalidParameters:
        raise Http404 from None
    spent = spending.of_members(caller.organization_id, [row.user_id for row in page.rows])
    rows = [
        {
            "membership": row,
            "is_self": row.user_id == caller.user_id,
            "spent_micros": spent.get(row.user_id, 0),
            "may_see_money": caller.is_manager or row.user_id == caller.user_id,
            "may_touch": team.may_touch(caller, row),
        }
        for row in page.rows
    ]
    pending = invitations.of(caller.organization_id).select_related("invited_by")
    context = {
        "page": page,
        "rows": rows,
        "form": form,
        "roles": [(role.label, ROLE_HELP[role]) for role in reversed(Role)],
        "invitations": pending.order_by("-id")[:INVITATIONS_SHOWN] if caller.is_manager else [],
    }
    return render(request, "accounts/team.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_page
def member(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Change what a member is, and what they may spend."""
    membership = _touchable(request, membership_id)
    is_sent = request.method == "POST"
    form = MemberForm(request.caller, membership, request.POST if is_sent else None)
    if is_sent and form.is_valid():
        wanted = form.cleaned_data
        try:
            # The limit first: who gives up being a manager may change nothing afterwards.
            team.set_limit(request.caller, membership_id, limit_micros=wanted["monthly_limit"])
            team.change_role(request.caller, membership_id, role=Role(wanted["role"]))
        except team.LastOwner as error:
            form.add_error("role", error.message)
        else:
            messages.success(request, f"{membership.user} is saved.")
            return redirect("team")
    context = {"membership": membership, "form": form, "help": ROLE_HELP}
    return render(request, "accounts/team_member.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "POST"])
@member_page
def remove(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Ask, telling of the keys that stay; then end somebody's membership."""
    membership = _touchable(request, membership_id)
    if membership.user_id == request.caller.user_id:
        return redirect("team_leave")
    trouble = ""
    if request.method == "POST":
        try:
            team.remove(request.caller, membership_id)
        except team.LastOwner as error:
            trouble = error.message
        else:
            messages.success(request, f"{membership.user} is no longer a member.")
            return redirect("team")
    context = {
        "membership": membership,
        "keys": team.keys_made_by(request.caller, membership.user_id),
        "trouble": trouble,
    }
    return render(request, "accounts/team_remove.html", context, status=409 if trouble else 200)


@require_http_methods(["GET", "POST"])
@member_page
def leave(request: MemberRequest) -> HttpResponse:
    """Ask, then end one's own membership."""
    trouble = ""
    if request.method == "POST":
        try:
            team.leave(request.caller)
        except team.LastOwner as error:
            trouble = error.message
        else:
            request.session.pop(SESSION_KEY, None)
            messages.success(request, f"You have left {request.caller.organization.name}.")
            return redirect("studio")
    context = {
        "keys": team.keys_made_by(request.caller, request.caller.user_id),
        "trouble": trouble,
        "is_last_owner": request.caller.is_owner
        and team.of(request.caller).filter(role=Role.OWNER).count() == 1,
    }
    return render(request, "accounts/team_leave.html", context, status=409 if trouble else 200)


@require_http_methods(["GET", "POST"])
@member_page
def transfer(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Ask, then make another member the owner, and oneself an admin."""
    heir = _found(lambda: team.one(request.caller, membership_id))
    request.caller.require_owner("transfer the ownership")
    if request.method == "GET":
        return render(request, "accounts/team_transfer.html", {"membership": heir})
    _found(lambda: team.transfer(request.caller, membership_id))
    messages.success(request, f"{heir.user} owns {request.caller.organization.name} now.")
    return redirect("team")


@require_POST
@member_page
def resend_invitation(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Send an invitation once more, with a new link."""
    try:
        sent = _found(lambda: invitations.resend(request.caller, invitation_id))
    except invitations.TooManyInvitations as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"A new invitation is on its way to {sent.email}.")
    return redirect("team")


@require_http_methods(["GET", "POST"])
@member_page
def revoke_invitation(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Ask, then end an invitation."""
    invitation = _found(lambda: invitations.one(request.caller.organization_id, invitation_id))
    request.caller.require_manager("revoke invitations")
    if request.method == "GET":
        return render(request, "accounts/team_revoke.html", {"invitation": invitation})
    _found(lambda: invitations.revoke(request.caller, invitation_id))
    messages.success(request, f"The invitation of {invitation.email} is revoked.")
    return redirect("team")


def _touchable(request: MemberRequest, membership_id: int) -> Membership:
    """A member whom the caller may change. Strangers' are a 404, those one may not touch a 403."""
    membership = _found(lambda: team.one(request.caller, membership_id))
    request.caller.require_manager("change members")
    if not team.may_touch(request.caller, membership):
        raise NotAllowed("Only an owner may change an owner.")
    return membership


def _found[R](act: Callable[[], R]) -> R:
    """What is not the organization's is a 404."""
    try:
        return act()
    except (team.MemberMissing, invitations.InvitationMissing) as missing:
        raise Http404(missing.message) from None
