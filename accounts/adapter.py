"""allauth's hooks: what a sign-up makes besides the user."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts import organizations
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """The user, the personal organization and (by trigger) its wallet: all or none."""
        saved: User = super().save_user(request, user, form, commit=commit)
        if commit:
            organizations.found_personal(saved)
        return saved
