"""While staff look as a customer: the customer's pages, and nothing that changes anything."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from accounts import access
from accounts.models import Organization, User
from backoffice import acts
from staff import looking_as, second_factor_views
from staff.acting_views import READING, acting

WITHOUT_SESSION = ("/media/", "/uploads/", "/callbacks/")
"""Where a session says nothing: links open these. It is not even read."""

READ_ONLY_POSTS = frozenset({"studio_form", "studio_quote", "studio_code", "auto_top_up_consent"})
"""URL names whose POST only answers what a form as it stands comes to: they write nothing."""

OWN = ("/accounts/", "/account/")
"""A customer's own account, with its password and second factor: not to be seen either."""

SECRETS = frozenset({"webhooks_secret", "webhook_secret_api"})
"""URL names that answer with a secret in clear, which would outlive the look."""

Respond = Callable[[HttpRequest], HttpResponseBase]


def looking_as_customer(get_response: Respond) -> Respond:
    """Replaces `request.user` and `request.caller`, outside of the admin. After both are set."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if not has_session or request.path.startswith(WITHOUT_SESSION):
            return get_response(request)
        look = looking_as.current(request.session)
        admin = reverse("admin:index")
        if look is None or request.path.startswith(admin):
            return get_response(request)
        customer = User.objects.filter(pk=look.user_id, is_active=True).first()
        caller = access.member_caller(customer, look.organization_id) if customer else None
        is_there = caller is not None and str(caller.organization_id) == look.organization_id
        may = _may_look(request)
        if look.is_over or not is_there or not may or customer is None:
            why = "its time was over" if look.is_over else "its owner left"
            _ended(request, look, why if may else "the right to it was gone")
            return HttpResponseRedirect(admin)
        request.looking_as = look  # type: ignore[attr-defined]
        request.user = customer
        request.caller = caller  # type: ignore[attr-defined]
        if not _may_be_seen(request):
            return render(request, "looking_as_refused.html", status=403)
        return get_response(request)

    return middleware


def _may_be_seen(request: HttpRequest) -> bool:
    """Whether it only reads, and what it reads is for staff's eyes."""
    try:
        name = resolve(request.path).url_name
    except Resolver404:
        name = None
    if request.path.startswith(OWN) or name in SECRETS:
        return False
    return request.method in READING or (request.method == "POST" and name in READ_ONLY_POSTS)


def _ended(request: HttpRequest, look: looking_as.Look, why: str) -> None:
    """It ends without the button, and that is recorded too."""
    looking_as.end(request.session)
    organization = Organization.objects.filter(pk=look.organization_id).first()
    if organization is not None and request.user.is_authenticated:
        with acts.by(acting(request)):
            acts.record(
                "stop_looking",
                organization,
                organization_id=organization.pk,
                after={"ended_because": why},
            )
    messages.info(request, f"You no longer look as {look.organization}: {why}.")


def _may_look(request: HttpRequest) -> bool:
    """Asked at each request: rights that were taken away end it."""
    return (
        request.user.is_active
        and getattr(request.user, "is_staff", False)
        and request.user.has_perm(looking_as.PERMISSION)
        and not second_factor_views.is_missing(request)
    )
