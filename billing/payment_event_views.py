"""Stripe's door: check, store, answer."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import payment_events, payments

_REFUSED = "Refused: the signature does not match a secret of ours, or its time is off."


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """204 once the event is a row of ours, 400 for what is not signed by Stripe for us."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.API_MAX_BODY_BYTES:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    try:
        payment_events.receive(request.body, request.headers.get("Stripe-Signature", ""))
    except payments.PaymentRefused:
        return HttpResponse(_REFUSED, status=400, content_type="text/plain")
    except ValueError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    return HttpResponse(status=204)
