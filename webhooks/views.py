"""The web's doors to webhook endpoints: who may read sees them, managers change them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.errors import DomainError, InvalidParameters
from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from webhooks import delivery_views, endpoints, health, replaying
from webhooks.catalogue import ALL, SUBSCRIBABLE
from webhooks.forms import EndpointForm, ReplayForm, RotationForm
from webhooks.health import Health
from webhooks.models import Endpoint

_NO_HEALTH = Health(delivered=0, tried=0)


@dataclass(frozen=True, slots=True)
class Row:
    endpoint: Endpoint
    health: Health

    @property
    def wants_all(self) -> bool:
        return ALL in self.endpoint.event_types


@require_safe
@member_page
def webhooks(request: MemberRequest) -> HttpResponse:
    """The organization's endpoints, newest first, and how each is doing."""
    request.caller.require(Scope.WEBHOOKS_READ)
    found = list(endpoints.of(request.caller.organization_id).order_by("-id"))
    healths = health.of(endpoint.pk for endpoint in found)
    context = {
        "rows": [Row(one, healths.get(one.pk, _NO_HEALTH)) for one in found],
        "may_manage": request.caller.may(Scope.WEBHOOKS_WRITE),
    }
    return render(request, "webhooks/webhooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def new_endpoint(request: MemberRequest) -> HttpResponse:
    """Make an endpoint; then its page, with its secret."""
    request.caller.require(Scope.WEBHOOKS_WRITE)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made, _ = endpoints.create(request.caller, **form.values)
        except InvalidParameters as error:
            form.add_refusal(error)
        except endpoints.TooManyEndpoints as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "The endpoint is there. Send it a test event.")
            return redirect("webhooks_secret", made.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def edit_endpoint(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = managed(request, endpoint_id)
    form = EndpointForm(
        request.POST if request.method == "POST" else None,
        initial=EndpointForm.values_of(endpoint),
    )
    if form.is_valid():
        try:
            endpoints.update(
                endpoint.organization_id, endpoint.pk, by=request.caller, **form.values
            )
        except InvalidParameters as error:
            form.add_refusal(error)
        else:
            messages.success(request, "Saved. What happens from now on goes by it.")
            return redirect("webhooks_endpoint", endpoint.pk)
    return _form_page(request, form, endpoint=endpoint)


def _form_page(request: MemberRequest, form: EndpointForm, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "webhooks/endpoint_form.html", {"form": form, **context}, status=status)


@require_safe
@member_page
def endpoint_page(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """One endpoint: how it stands, its secret, how to check signatures, and its deliveries."""
    return _endpoint_page(request, readable(request, endpoint_id))


@require_safe
@member_page
def endpoint_secret(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """The same with the secret in clear, for who may manage; for htmx the secret alone."""
    endpoint = managed(request, endpoint_id)
    secret = endpoints.secret_of(endpoint)
    if request.htmx:
        context = {"endpoint": endpoint, "secret": secret, "may_manage": True}
        return render(request, "partials/webhook_secret.html", context)
    return _endpoint_page(request, endpoint, secret=secret)


def _endpoint_page(request: MemberRequest, endpoint: Endpoint, **more: Any) -> HttpResponse:
    found = health.of([endpoint.pk]).get(endpoint.pk, _NO_HEALTH)
    context = {
        "row": Row(endpoint, found),
        "subscribable": len(SUBSCRIBABLE),
        "endpoint": endpoint,
        "may_manage": request.caller.may(Scope.WEBHOOKS_WRITE),
        **delivery_views.listed(
            request, reverse("webhooks_endpoint", args=[endpoint.pk]), endpoint=endpoint.pk
        ),
        **more,
    }
    return render(request, "webhooks/endpoint.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def rotate_secret(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Ask for how long both secrets sign, then show the new one."""
    endpoint = managed(request, endpoint_id)
    form = RotationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        endpoints.rotate_secret(
            endpoint.organization_id, endpoint.pk, by=request.caller, **form.cleaned_data
        )
        messages.success(request, "The secret is new. Give it to your server.")
        return redirect("webhooks_secret", endpoint.pk)
    return _sheet(request, "rotate", endpoint, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def disable_endpoint(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Ask, then send nothing more; what waits is canceled."""
    endpoint = managed(request, endpoint_id)
    if request.method != "POST":
        return _sheet(request, "disable", endpoint)
    endpoints.update(endpoint.organization_id, endpoint.pk, by=request.caller, enabled=False)
    messages.success(request, "The endpoint is disabled: nothing is sent to it.")
    return redirect("webhooks_endpoint", endpoint.pk)


@require_POST
@member_page
def enable_endpoint(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    endpoint = managed(request, endpoint_id)
    endpoints.update(endpoint.organization_id, endpoint.pk, by=request.caller, enabled=True)
    messages.success(request, "The endpoint is enabled. You can replay what it has missed.")
    return redirect("webhooks_endpoint", endpoint.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def delete_endpoint(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Ask, then end an endpoint for good."""
    endpoint = managed(request, endpoint_id)
    if request.method != "POST":
        return _sheet(request, "delete", endpoint)
    endpoints.delete(endpoint.organization_id, endpoint.pk, by=request.caller)
    messages.success(request, "The endpoint is deleted. Its deliveries can still be read.")
    return redirect("webhooks")


@require_POST
@member_page
def send_test(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Send a test event; htmx gets how it goes, and goes on asking."""
    endpoint = managed(request, endpoint_id)
    try:
        delivery = endpoints.ping(endpoint.organization_id, endpoint.pk)
    except endpoints.EndpointDisabled as error:
        messages.error(request, error.message)
        address = reverse("webhooks_endpoint", args=[endpoint.pk])
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    if request.htmx:
        return delivery_views.test_result(request, delivery)
    return redirect("webhooks_delivery", delivery.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def replay_missed(request: MemberRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Send what an endpoint has missed since a time. The button "preview" only counts."""
    endpoint = managed(request, endpoint_id)
    is_sent = request.method == "POST"
    form = ReplayForm(request.POST if is_sent else {"span": ReplayForm.base_fields["span"].initial})
    if not form.is_valid():
        return _sheet(request, "replay", endpoint, form=form)
    whose = (endpoint.organization_id, endpoint.pk)
    if not is_sent or "preview" in request.POST or not endpoint.is_enabled:
        count = replaying.count_missed(*whose, since=form.moment)
        return _sheet(
            request, "replay", endpoint, form=form, count=count, most=replaying.MOST_AT_ONCE
        )
    made = replaying.missed(*whose, since=form.moment)
    said = f"{made:,} event{'s are' if made != 1 else ' is'} being sent again."
    messages.success(request, said if made else "Nothing was missed, so nothing is sent.")
    return redirect("webhooks_endpoint", endpoint.pk)


def _sheet(request: MemberRequest, name: str, endpoint: Endpoint, **context: Any) -> HttpResponse:
    form = context.get("form")
    # A count that is asked for while one chooses is no mistake yet.
    is_refused = form is not None and form.errors and not request.htmx
    status = 422 if is_refused else 200
    context = {"endpoint": endpoint, **context}
    return render(request, f"webhooks/{name}.html", context, status=status)


def readable(request: MemberRequest, endpoint_id: uuid.UUID) -> Endpoint:
    """One of the organization's endpoints: a stranger's is a 404."""
    endpoint: Endpoint = or_404(endpoints.one, request.caller.organization_id, endpoint_id)
    request.caller.require(Scope.WEBHOOKS_READ)
    return endpoint


def managed(request: MemberRequest, endpoint_id: uuid.UUID) -> Endpoint:
    """As `readable`, for who may change it."""
    endpoint = readable(request, endpoint_id)
    request.caller.require(Scope.WEBHOOKS_WRITE)
    return endpoint


def or_404(find: Callable[..., Any], *arguments: Any) -> Any:
    """What `find` finds; 404 when there is no such thing."""
    try:
        return find(*arguments)
    except DomainError as error:
        if error.code != "not_found":
            raise
        raise Http404 from error
