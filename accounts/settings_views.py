"""The web's doors to an organization's settings, and to founding another organization."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import closing, notifications, organizations
from accounts.middleware import SESSION_KEY
from accounts.models import User
from accounts.rate_limit_views import client_address
from accounts.team_forms import DeletionForm, NotificationForm, OrganizationForm
from accounts.views import MemberRequest, member_page


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def general(request: MemberRequest) -> HttpResponse:
    """What the organization is called; POST renames it."""
    caller = request.caller
    is_sent = request.method == "POST"
    if is_sent:
        caller.require_manager("rename the organization")
    form = OrganizationForm(
        request.POST if is_sent else None, initial={"name": caller.organization.name}
    )
    if is_sent and form.is_valid():
        try:
            organizations.rename(caller, name=form.cleaned_data["name"])
        except organizations.InvalidName as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("settings")
    context = {"section": "general", "form": form}
    return render(request, "accounts/settings.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def notify(request: MemberRequest) -> HttpResponse:
    """Which e-mails about the organization one gets oneself; only managers get any."""
    caller = request.caller
    is_sent = request.method == "POST"
    if is_sent:
        caller.require_manager("get these e-mails")
    form = NotificationForm(
        request.POST if is_sent else None, initial={"topics": notifications.wanted(caller)}
    )
    if is_sent and form.is_valid():
        notifications.mute(caller, form.muted)
        messages.success(request, "Saved.")
        return redirect("settings_notifications")
    context = {"section": "notifications", "form": form}
    return render(
        request, "accounts/settings_notifications.html", context, status=422 if is_sent else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def delete(request: MemberRequest) -> HttpResponse:
    """Tell what goes, ask for the name, and delete the organization."""
    caller = request.caller
    caller.require_owner("delete the organization")
    organization = caller.organization
    is_sent = request.method == "POST"
    form = DeletionForm(organization, request.POST if is_sent else None)
    obstacles = closing.obstacles(organization.pk)
    if is_sent and not obstacles and form.is_valid():
        try:
            organizations.delete(caller, typed_name=form.cleaned_data["name"])
        except organizations.NameMistyped as error:
            form.add_error("name", error.message)
        except organizations.CannotClose as error:
            obstacles = error.extra["obstacles"]
        else:
            request.session.pop(SESSION_KEY, None)
            messages.success(request, f"{organization.name} is deleted.")
            return redirect("studio")
    context = {"form": form, "obstacles": obstacles, "losses": closing.losses(organization.pk)}
    status = 200 if not is_sent else 409 if obstacles else 422
    return render(request, "accounts/settings_delete.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_organization(request: HttpRequest) -> HttpResponse:
    """Found another organization, and work there; also for who belongs to none any more."""
    owner = cast(User, request.user)
    is_sent = request.method == "POST"
    form = OrganizationForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        try:
            made = organizations.found_another(
                owner, name=form.cleaned_data["name"], address=client_address(request)
            )
        except (organizations.InvalidName, organizations.TooManyOrganizations) as error:
            form.add_error("name", error.message)
        else:
            request.session[SESSION_KEY] = str(made.pk)
            organizations.enter(owner, made)
            messages.success(request, f"{made.name} is ready. You own it.")
            return redirect("studio")
    return render(
        request, "accounts/organization_new.html", {"form": form}, status=422 if is_sent else 200
    )
