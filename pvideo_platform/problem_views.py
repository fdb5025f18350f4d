"""Error pages: a problem document below /api/, Pixazo's shapes in its API, a page elsewhere."""

import logging

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

from generations import pixazo_api
from pvideo_platform import problems

logger = logging.getLogger(__name__)

EXPLANATIONS = {
    "invalid_parameters": "A parameter is missing, unknown or out of bounds. `errors` names each.",
    "invalid_json": "The body is not one JSON object in UTF-8.",
    "not_authenticated": "Send an API key as `Authorization: Bearer pv_...`, or log in.",
    "insufficient_credits": "The wallet has less available than the request can cost.",
    "wallet_in_debt": "A payment was taken back; the debt has to be settled first.",
    "wallet_frozen": "Spending is frozen. Please contact support.",
    "not_allowed": "You are known, but your role or the key's scopes do not allow this.",
    "not_found": "There is no such thing, or it is not your organization's.",
    "method_not_allowed": "This address does not take this HTTP method.",
    "not_acceptable": "Nothing that `Accept` names can be given here. Ask for `application/json`.",
    "cannot_delete": "A generation can be deleted once it has ended.",
    "account_stays": "The account cannot be deleted yet; the detail says why.",
    "no_content_yet": "The generation has no such file, or not yet: wait until it is completed.",
    "content_removed": "The organization keeps videos for a number of days, and this one is older.",
    "invalid_limit": "A member's monthly limit is zero or more, and at most $1,000,000.",
    "invalid_name": "An organization's name has 1 to 100 characters that can be seen.",
    "invalid_retention": "Videos are kept for 1 to 3650 days, or for ever.",
    "invitation_for_other": "The invitation was sent to another address than the account's.",
    "already_member": "This person is a member of the organization already.",
    "already_invited": "This address is invited already. Send that invitation again instead.",
    "last_owner": "An organization needs an owner. Transfer the ownership first.",
    "too_many_organizations": "One person owns, and creates in a day, a limited number of them.",
    "too_many_invitations": "An organization sends a limited number of invitations a day.",
    "cannot_close": "An organization is deleted once no work and no payment is on its way.",
    "name_mistyped": "Type the organization's name to confirm its deletion.",
    "upload_in_use": "An open generation uses this upload. Delete it once that has ended.",
    "upload_quota_exceeded": "The organization keeps as many uploads as it may. Delete some.",
    "usage_too_large": "The answer would have too many rows. Ask for fewer days or groups.",
    "invalid_scopes": "A key needs one or more of the documented scopes.",
    "invalid_networks": "Networks are written as 203.0.113.0/24 or 2001:db8::/48.",
    "invalid_overlap": "The overlap of a rotation is a number of seconds up to 30 days.",
    "key_ended": "The API key is revoked or has expired. Make a new one.",
    "key_budget_exceeded": "The API key's budget is spent for this month, until `resets_at`.",
    "member_limit_exceeded": "The member's limit is spent for this month, until `resets_at`.",
    "network_not_allowed": "The API key may not be used from this network address.",
    "idempotency_key_in_use": "The first request with this key is still running. Ask again.",
    "amount_not_positive": "The amount must be above zero.",
    "amount_too_large": "The amount, or the balance that it would make, is too large.",
    "cannot_help": "Staff asked to end what is not there, or what is not theirs to end.",
    "cannot_correct": "Staff asked for what this generation's state does not allow.",
    "adjustment_refused": "A staff adjustment needs an amount, a reason and the right to make it.",
    "wallet_missing": "There is no such wallet.",
    "already_moved": "This movement of money was made before; it is not made twice.",
    "too_many_endpoints": "An organization has a limited number of webhook endpoints.",
    "endpoint_disabled": "This webhook endpoint is disabled. Enable it first.",
    "delivery_open": "This webhook is being delivered already; a second copy is not sent.",
    "hold_not_active": "The hold has been captured or released already.",
    "capture_above_hold": "A capture is between zero and its hold.",
    "cannot_cancel": "Only a queued generation can be canceled; the model cannot be stopped.",
    "bad_request": "The request itself is malformed, or addressed to another host.",
    "length_required": "Send the body with a Content-Length, not in chunks.",
    "busy": "Too much of this is being done at the moment. Try again in a few seconds.",
    "amount_not_for_sale": "Less or more than may be bought at once; the detail says what may.",
    "promotion_refused": "The promotion code is unknown, over, or used up.",
    "refund_not_possible": "The payment has no such amount left to refund.",
    "card_missing": "Save a card first, on the billing page.",
    "payment_refused": "The payment service refused the request. Nothing was charged.",
    "payment_unavailable": "The payment service did not answer. Nothing is lost: try again soon.",
    "payments_not_set_up": "This installation cannot take payments yet.",
    "body_too_large": "The request body is too large.",
    "uri_too_long": "The address with its query is longer than 4,094 characters.",
    "headers_too_large": "A header field is longer than 8,190 bytes, or there are over 100.",
    "unsupported_media_type": "Send the `Content-Type` that this takes: JSON, or a form.",
    "idempotency_mismatch": "This Idempotency-Key was used with a different request.",
    "price_missing": "This combination of model, resolution and mode is not on sale.",
    "price_above_shown": "The price has risen since it was shown. Nothing was done.",
    "rate_limited": "Too many requests. Wait as `Retry-After` says.",
    "maintenance": "The platform is being worked on. Try again after `Retry-After` seconds.",
    "internal_error": "Something went wrong on our side. Nothing was charged for it.",
}


def problem(request: HttpRequest, code: str) -> HttpResponse:
    """The page that a problem document's `type` points to."""
    if code not in EXPLANATIONS:
        raise Http404
    context = {
        "code": code,
        "status": problems.STATUS[code],
        "explanation": EXPLANATIONS[code],
    }
    return render(request, "problem.html", context)


def index(request: HttpRequest) -> HttpResponse:
    """Every code, by status."""
    codes = sorted(problems.STATUS.items(), key=lambda item: (item[1], item[0]))
    context = {"codes": [(status, code, EXPLANATIONS[code]) for code, status in codes]}
    return render(request, "problems.html", context)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


_NOTHING_HERE = "There is nothing at this address. /api/docs/ tells what there is, and where."


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if pixazo_api.is_below(request.path):
        return pixazo_api.plain(404)
    if _is_api(request):
        return problems.answer(request, "not_found", _NOTHING_HERE)
    return defaults.page_not_found(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if pixazo_api.is_below(request.path):
        return pixazo_api.plain(403)
    if _is_api(request):
        return problems.answer(request, "not_allowed", "You may not do this.")
    return defaults.permission_denied(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if pixazo_api.is_below(request.path):
        return pixazo_api.plain(400)
    if _is_api(request):
        return problems.answer(request, "bad_request", "The request could not be read.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if pixazo_api.is_below(request.path):
        return pixazo_api.plain(500)
    if _is_api(request):
        return problems.answer(request, "internal_error", "Something went wrong on our side.")
    # Without the context processors: one of them may be what failed.
    content = render_to_string("500.html", {"request_id": getattr(request, "request_id", "")})
    return HttpResponseServerError(content)


def maintenance(request: HttpRequest) -> HttpResponse:
    """503 for customers while the platform is being worked on."""
    if pixazo_api.is_below(request.path):
        return pixazo_api.plain(503)
    if _is_api(request):
        detail = "The platform is being worked on. Try again in a few minutes."
        return problems.answer(request, "maintenance", detail)
    return HttpResponse(render_to_string("maintenance.html"), status=503)
