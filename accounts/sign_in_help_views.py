"""The admin's pages "Reset second factor" and "End all sessions" of a user."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts import sign_in_help
from accounts.errors import DomainError
from accounts.models import User
from backoffice.act_views import act_page

logger = logging.getLogger(__name__)

ACTS = {"second-factor": sign_in_help.RESET, "sessions": sign_in_help.END}
"""What may be done, and the permission that it needs."""


def help_view(admin: Any, request: HttpRequest, user_id: int, act: str) -> HttpResponse:
    """One of ACTS, with a reason. To staff, and to superusers, by superusers only."""
    if act not in ACTS:
        raise Http404
    user = get_object_or_404(User, pk=user_id)
    by = request.user
    assert isinstance(by, User)
    if not by.has_perm(ACTS[act]) or not sign_in_help.may_help(user, by=by):
        raise PermissionDenied

    def do(form: Any) -> str:
        reason = form.cleaned_data["reason"]
        if act == "second-factor":
            ended = sign_in_help.reset_second_factor(user.pk, by=by, reason=reason)
            told = "The second factor is gone"
        else:
            ended = sign_in_help.end_sessions(user.pk, by=by, reason=reason)
            told = "They are signed out"
        transaction.on_commit(lambda: _tell(request, user, act))
        return f"{told}: {ended} {'session' if ended == 1 else 'sessions'} ended."

    return act_page(
        admin,
        request,
        user,
        permission=ACTS[act],
        do=do,
        refusals=DomainError,
        danger=True,
        **_page(user, act),
    )


def offered(request: HttpRequest, user: User) -> list[tuple[str, str]]:
    """The acts that whoever asks may do to this person now: title and address."""
    by = request.user
    if not isinstance(by, User) or not sign_in_help.may_help(user, by=by):
        return []
    return [
        (page["title"], reverse("admin:accounts_user_help", args=[user.pk, act]))
        for act, permission in ACTS.items()
        if by.has_perm(permission) and (page := _page(user, act))["possible"]
    ]


def _page(user: User, act: str) -> dict[str, Any]:
    if act == "second-factor":
        return {
            "title": "Reset second factor",
            "says": [
                "Authenticator app, passkeys and recovery codes are removed, and every session "
                "ends. From then on the password alone signs them in.",
                "Be sure that it is they who ask: by something that only they and we know, such as "
                "the amount of the last invoice. Who has their mailbox has their password, too.",
                "They are told by e-mail, at every address that is known to be theirs.",
            ],
            "button": "Reset second factor",
            "possible": Authenticator.objects.filter(user=user).exists(),
        }
    return {
        "title": "End all sessions",
        "says": [
            "They are signed out of every browser. Their API keys go on working.",
            "They are told by e-mail.",
        ],
        "button": "End all sessions",
        "possible": UserSession.objects.filter(user=user).exists(),
    }


def _tell(request: HttpRequest, user: User, act: str) -> None:
    """After the commit. What was done stands when no mail can be sent: then staff tell them."""
    kind = "second_factor_reset" if act == "second-factor" else "sessions_ended"
    adapter = get_adapter(request)
    context = {"account_url": f"{settings.PUBLIC_BASE_URL}{reverse('account_settings')}"}
    try:
        for address in sign_in_help.told_at(user):
            adapter.render_mail(f"account/email/{kind}", address, context).send()
    except (OSError, SMTPException):
        logger.exception("the e-mail %s could not be sent", kind)
        messages.warning(request, "The e-mail could not be sent: tell them yourself.")
