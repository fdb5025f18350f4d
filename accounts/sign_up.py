"""What a sign-up asks for beyond allauth's own fields."""

from django import forms


class OrganizationName(forms.Form):
    """Part of every sign-up form: with a password, with a passkey, and with another login."""

    organization_name = forms.CharField(
        label="Organization",
        required=False,
        max_length=100,
        strip=True,
        help_text="Your team's or company's name. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def signup(self, request: object, user: object) -> None:
        """allauth's hook; the organization is founded with the user (accounts/adapter.py)."""
