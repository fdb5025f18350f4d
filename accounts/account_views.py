"""The web's doors to a person's own account; allauth has those to its parts (/accounts/...)."""

from dataclasses import dataclass
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import account_deletion
from accounts.models import User
from accounts.rate_limit_views import client_address


class NameForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class FarewellForm(forms.Form):
    """Their own address, typed: nobody deletes an account by a slip."""

    email = forms.CharField(
        label="Type your e-mail address to confirm",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: object, wanted: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._wanted = wanted.lower()

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"].strip().lower()
        if typed != self._wanted:
            raise forms.ValidationError("That is not your e-mail address.")
        return typed


@dataclass(frozen=True, slots=True)
class Standing:
    """The ways into an account, at a glance."""

    has_password: bool
    has_totp: bool
    passkeys: int
    recovery_codes: int
    sessions: int

    @property
    def has_second_factor(self) -> bool:
        return self.has_totp or self.passkeys > 0


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What there is to one's account; POST changes the name."""
    user = cast(User, request.user)
    sent = request.method == "POST"
    form = NameForm(request.POST if sent else None, initial={"name": user.name})
    if sent and form.is_valid():
        User.objects.filter(pk=user.pk).update(name=form.cleaned_data["name"])
        messages.success(request, "Saved.")
        return redirect("account_settings")
    context = {"form": form, "standing": _standing(user)}
    return render(request, "account/overview.html", context, status=422 if sent else 200)


def _standing(user: User) -> Standing:
    found = list(Authenticator.objects.filter(user=user))
    codes = [one for one in found if one.type == Authenticator.Type.RECOVERY_CODES]
    return Standing(
        has_password=user.has_usable_password(),
        has_totp=any(one.type == Authenticator.Type.TOTP for one in found),
        passkeys=sum(one.type == Authenticator.Type.WEBAUTHN for one in found),
        recovery_codes=len(codes[0].wrap().get_unused_codes()) if codes else 0,
        sessions=UserSession.objects.filter(user=user).count(),
    )


@require_POST
@never_cache
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of one's other sessions; somebody else's is a 404."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    session.end()
    messages.success(request, "The session is ended.")
    return redirect("usersessions_list")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def delete_account(request: HttpRequest) -> HttpResponse:
    """What the deletion takes along; POST does it, once the address has been typed."""
    user = cast(User, request.user)
    email = user.email
    sent = request.method == "POST"
    form = FarewellForm(request.POST if sent else None, wanted=email)
    if sent and form.is_valid():
        try:
            account_deletion.delete(user, address=client_address(request))
        except account_deletion.AccountStays:
            return _farewell(request, user, form, status=409)  # it says why
        logout(request)
        get_adapter().send_mail("account/email/account_deleted", email, {})
        return render(request, "account/deleted.html")
    return _farewell(request, user, form, status=422 if sent else 200)


def _farewell(request: HttpRequest, user: User, form: FarewellForm, *, status: int) -> HttpResponse:
    context = {"form": form, "consequences": account_deletion.consequences(user)}
    return render(request, "account/delete.html", context, status=status)
