"""The door for Pixazo's callbacks."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations import callbacks, raw_body_api


@csrf_exempt
@require_POST
def pixazo(request: HttpRequest, generation_id: uuid.UUID, token: str) -> HttpResponse:
    """Answers the same to the provider and to a stranger, at once."""
    try:
        body = raw_body_api.read(request, most_bytes=callbacks.MAX_BODY_BYTES)
    except raw_body_api.BodyUnreadable:
        body = b""  # it was only a hint
    declared = request.META.get("CONTENT_LENGTH") or "0"
    length = int(declared) if declared.isdecimal() and len(declared) <= 18 else len(body)
    callbacks.receive(generation_id, token, body, max(length, len(body)))
    return JsonResponse({"ok": True})
