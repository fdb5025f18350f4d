"""The forms of the Team and Settings pages. Limits are typed in dollars, and cleaned are micros."""

from typing import Any

from django import forms

from accounts import mail_addresses, money
from accounts.access import Caller
from accounts.models import Membership, Organization, Role, Topic
from accounts.organizations import LONGEST_NAME
from accounts.team import MOST_LIMIT_MICROS, roles_to_give

ROLE_HELP = {
    Role.VIEWER: "Sees videos, credits and usage.",
    Role.MEMBER: "Also makes videos.",
    Role.ADMIN: "Also manages people, API keys and webhooks.",
    Role.OWNER: "Also pays, and may delete the organization.",
}


def _role_choices(caller: Caller) -> list[tuple[str, str]]:
    """From the least to the most that one may give."""
    return [(role.value, str(role.label)) for role in reversed(roles_to_give(caller))]


class PlainForm(forms.Form):
    """A form whose fields are marked by us: the browser's own bubbles are off."""

    use_required_attribute = False


class InviteForm(PlainForm):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        error_messages={"required": "Enter an address."},
        widget=forms.EmailInput(
            attrs={"class": "input", "autocomplete": "off", "placeholder": "name@company.com"}
        ),
    )
    role = forms.ChoiceField(label="Role", widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, caller: Caller, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = _role_choices(caller)
        role.initial = Role.MEMBER

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        mail_addresses.require_writable(address)
        return address


class MemberForm(PlainForm):
    """What a member is, and what they may spend."""

    role = forms.ChoiceField(label="Role", widget=forms.RadioSelect)
    monthly_limit = forms.CharField(
        label="Monthly limit",
        required=False,
        max_length=20,
        help_text="US dollars a calendar month (UTC) at the web. Empty: no limit but the balance.",
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "inputmode": "decimal",
                "autocomplete": "off",
                "placeholder": "No limit",
            }
        ),
    )

    def __init__(self, caller: Caller, membership: Membership, data: Any = None) -> None:
        limit = membership.monthly_limit_micros
        typed = "" if limit is None else money.display(limit).removeprefix("$").replace(",", "")
        super().__init__(data, initial={"role": membership.role, "monthly_limit": typed})
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = _role_choices(caller)

    def clean_monthly_limit(self) -> int | None:
        text = self.cleaned_data["monthly_limit"].strip().removeprefix("$").replace(",", "")
        if not text:
            return None
        try:
            micros = money.parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if not 0 <= micros <= MOST_LIMIT_MICROS:
            raise forms.ValidationError("A limit is zero or more, and at most $1,000,000.")
        return micros


class OrganizationForm(PlainForm):
    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        error_messages={"required": "Enter a name."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "organization"}),
    )


class DeletionForm(PlainForm):
    """The organization's name, typed by who means it."""

    name = forms.CharField(
        max_length=200,
        error_messages={"required": "Type the organization's name."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, organization: Organization, data: Any = None) -> None:
        super().__init__(data)
        self.fields["name"].label = f"Type “{organization.name}” to confirm"


class NotificationForm(PlainForm):
    """Which e-mails a manager gets. What is ticked is wanted."""

    topics = forms.MultipleChoiceField(
        label="E-mail me when",
        required=False,
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def muted(self) -> list[str]:
        return [topic for topic in Topic.values if topic not in self.cleaned_data["topics"]]
