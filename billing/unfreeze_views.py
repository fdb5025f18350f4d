"""The admin's page "Let spend again": lift one cause of a freeze, with a reason."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from backoffice.act_views import ReasonField
from billing import freezing
from billing.models import Freeze, FreezeCause


class UnfreezeForm(forms.Form):
    because = ReasonField(
        label="Why may it be spent from again?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def unfreeze_view(admin: Any, request: HttpRequest, freeze_id: int) -> HttpResponse:
    """Needs the permission `billing.change_freeze`."""
    if not request.user.has_perm("billing.change_freeze"):
        raise PermissionDenied
    freeze = get_object_or_404(Freeze.objects.select_related("organization"), pk=freeze_id)
    form = UnfreezeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        because = form.cleaned_data["because"]
        lifted = freezing.lift(
            FreezeCause(freeze.cause),
            reference=freeze.reference,
            because=because,
            lifted_by_id=request.user.pk,
        )
        told = "This cause no longer stands." if lifted else "It had been lifted before."
        messages.success(request, told)
        return HttpResponseRedirect(reverse("admin:billing_freeze_change", args=[freeze.pk]))
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Let spend again",
        "freeze": freeze,
        "form": form,
    }
    return TemplateResponse(request, "admin/billing/freeze/lift.html", context)
