"""The door for Pixazo's callbacks."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations import callbacks


@csrf_exempt
@require_POST
def pixazo(request: HttpRequest, generation_id: uuid.UUID, token: str) -> HttpResponse:
    """Answers the same to the provider and to a stranger, at once."""
    # Django reads by Content-Length only; the server says when it has bounded a chunked body.
    chunked = request.META.get("wsgi.input_terminated") and not request.META.get("CONTENT_LENGTH")
    source = request.META["wsgi.input"] if chunked else request
    body = source.read(callbacks.MAX_BODY_BYTES + 1)
    declared = request.META.get("CONTENT_LENGTH") or "0"
    length = int(declared) if declared.isdecimal() and len(declared) <= 18 else len(body)
    callbacks.receive(generation_id, token, body, max(length, len(body)))
    return JsonResponse({"ok": True})
