"""allauth's forms for new passwords, with one field: what is typed there can be shown."""

from typing import Any

from allauth.account import forms


class _TypedOnce:
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]


class ChangePassword(_TypedOnce, forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPassword(_TypedOnce, forms.SetPasswordForm):  # type: ignore[misc]
    pass


class ResetPassword(_TypedOnce, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass
