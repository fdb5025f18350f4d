"""A user's page for staff: how and where they sign in, and which addresses are theirs."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in_help_views import offered
from accounts.templatetags.browsers import browser
from backoffice.sections_admin import MOST_ROWS, Section, moment, section

PAGE = "accounts.user"


@section(PAGE, place=10)
def sign_in(request: HttpRequest, row: User) -> Section | None:
    """The ways in, without their secrets, and the sessions; what may be done about them."""
    factors = Authenticator.objects.filter(user=row).order_by("pk")
    logins = SocialAccount.objects.filter(user=row).order_by("pk")
    sessions = UserSession.objects.filter(user=row).order_by("-last_seen_at")[:MOST_ROWS]
    return Section(
        "sign-in",
        "Sign-in",
        facts=(
            ("Password", "set" if row.has_usable_password() else "none"),
            *((one.get_type_display(), _factor(one)) for one in factors),
            *((one.provider.capitalize(), f"since {moment(one.date_joined)}") for one in logins),
        ),
        head=("Session begun", "Last seen", "From", "Browser"),
        rows=[
            (moment(one.created_at), moment(one.last_seen_at), one.ip, browser(one.user_agent))
            for one in sessions
        ],
        empty="They are signed in nowhere.",
        links=offered(request, row),
    )


def _factor(one: Authenticator) -> str:
    used = f", last used {moment(one.last_used_at)}" if one.last_used_at else ", never used"
    return f"since {moment(one.created_at)}{used}"


@section(PAGE, place=20)
def addresses(request: HttpRequest, row: User) -> Section | None:
    """Read-only: an address is changed by its owner, who proves that it is theirs."""
    found = EmailAddress.objects.filter(user=row).order_by("-primary", "pk")[:MOST_ROWS]
    return Section(
        "addresses",
        "E-mail addresses",
        head=("Address", "Verified", "Primary"),
        rows=[(one.email, one.verified, one.primary) for one in found],
        empty="None is known yet: they have not signed in.",
    )
