"""The admin's page "Freeze": keep an organization from spending, with a reason."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.errors import DomainError
from backoffice.act_views import act_page
from billing import freezing, money
from billing.models import FreezeCause, Wallet


def freeze_view(admin: Any, request: HttpRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Needs the permission `billing.add_freeze`. The freeze's own history tells who, and why."""
    wallet = get_object_or_404(Wallet.objects.select_related("organization"), pk=organization_id)

    def do(form: Any) -> str:
        reason = form.cleaned_data["reason"]
        freezing.place(
            wallet.pk,
            FreezeCause.STAFF,
            # The same person's for the same reason: the button was clicked twice.
            reference=f"staff:{uuid.uuid5(wallet.pk, f'{request.user.pk}:{reason}')}",
            reason=reason,
            placed_by_id=request.user.pk,
        )
        return "It cannot spend until this freeze is lifted."

    return act_page(
        admin,
        request,
        wallet,
        permission="billing.add_freeze",
        title="Freeze",
        says=[
            f"{wallet.organization.name} has {money.display(wallet.available_micros)} available.",
            "It makes no new generation until the freeze is lifted. Running work still settles.",
        ],
        button="Freeze spending",
        do=do,
        refusals=DomainError,
        danger=True,
    )
