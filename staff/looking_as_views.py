"""The admin's page "Look as", and the button that ends it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import Organization
from backoffice import acts
from backoffice.act_views import ReasonForm
from staff import looking_as


def begin(request: HttpRequest, site: Any, organization_id: uuid.UUID) -> HttpResponse:
    """Ask why, then show the site as an owner sees it. Needs `accounts.log_in_as`."""
    if not request.user.has_perm(looking_as.PERMISSION):
        raise PermissionDenied
    organization = get_object_or_404(Organization, pk=organization_id)
    member = looking_as.member_of(organization.pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and member and form.is_valid():
        look = looking_as.begin(request.session, member)
        acts.record(
            "log_in_as",
            organization,
            organization_id=organization.pk,
            reason=form.cleaned_data["reason"],
            after={"user": member.user_id, "until": look.until_text},
        )
        return HttpResponseRedirect(reverse("gallery"))
    context = {
        **site.each_context(request),
        "title": "Look at the site as a customer",
        "row": organization,
        "back": reverse("admin:accounts_organization_change", args=[organization.pk]),
        "says": [
            "You see what an owner of this organization sees, for half an hour at most.",
            "Nothing can be changed meanwhile. That you looked, and why, is recorded.",
        ],
        "possible": member is not None,
        "form": form,
        "button": "Look as this customer",
    }
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "backoffice/act.html", context, status=status)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Back to the organization's page in the admin."""
    look = looking_as.current(request.session)
    if look is None:
        return HttpResponseRedirect(reverse("admin:index"))
    looking_as.end(request.session)
    organization = Organization.objects.get(pk=look.organization_id)
    acts.record("stop_looking", organization, organization_id=organization.pk)
    messages.info(request, f"You no longer look as {organization.name}.")
    return HttpResponseRedirect(
        reverse("admin:accounts_organization_change", args=[organization.pk])
    )
