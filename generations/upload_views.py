"""The web's door for files that become inputs: dropped or picked in the Studio."""

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_POST

from accounts.errors import Busy, FieldError, InvalidParameters
from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import upload_links, uploads
from generations.upload_models import Upload, UploadKind

_KINDS = {UploadKind.IMAGE: "a picture", UploadKind.AUDIO: "a sound"}


@require_POST
@member_page
def upload(request: MemberRequest, kind: str) -> HttpResponse:
    """Take the form's `file` for the field `kind`; the answer is JSON, for uploads.js.

    200 with `url` and what the file is, or 422 with `error`, a sentence for the person.
    """
    request.caller.require(Scope.UPLOADS_WRITE)
    file = request.FILES.get("file")
    if kind not in UploadKind or file is None:
        return JsonResponse({"error": "There is no file in this request."}, status=422)
    try:
        stored = _store(request, file, UploadKind(kind))
    except InvalidParameters as error:
        return JsonResponse({"error": error.message}, status=422)
    return JsonResponse(
        {
            "url": upload_links.url(stored),
            "filename": stored.filename,
            "facts": _facts(stored),
        }
    )


def taken(request: MemberRequest, fields: Collection[str]) -> dict[str, str]:
    """Links to the files that came with a form, as `<field>_file`: at most one for each field.

    Raises: InvalidParameters, naming the field; NotAllowed.
    """
    links, errors = {}, []
    for name in fields:
        file = request.FILES.get(f"{name}_file")
        if file is None:
            continue
        request.caller.require(Scope.UPLOADS_WRITE)
        try:
            links[name] = upload_links.url(_store(request, file, UploadKind(name)))
        except InvalidParameters as error:
            errors += [FieldError(name, item.code, item.message) for item in error.errors]
    if errors:
        raise InvalidParameters(errors)
    return links


def _store(request: MemberRequest, file: "UploadedFile[Any]", kind: UploadKind) -> Upload:
    """Raises: InvalidParameters, whatever the reason: all is said beside the field."""
    try:
        with tempfile.NamedTemporaryFile(prefix="upload-") as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            stored = uploads.store(
                request.caller, Path(copy.name), filename=file.name or "", wanted=kind
            )
    except (uploads.TooManyUploads, Busy) as error:
        raise InvalidParameters([FieldError(kind, error.code, error.message)]) from error
    if stored.kind != kind:
        uploads.discard(stored)
        message = f"This is {_KINDS[UploadKind(stored.kind)]}; the field takes {_KINDS[kind]}."
        raise InvalidParameters([FieldError(kind, "wrong_kind", message)])
    uploads.keep(stored)
    return stored


def _facts(stored: Upload) -> str:
    """ "1280 x 720, 240 KB" or "7.3 s, 117 KB"."""
    size = filesizeformat(stored.size_bytes)
    if stored.duration_ms is not None:
        return f"{stored.duration_ms / 1000:.1f} s, {size}"
    return f"{stored.width} \N{MULTIPLICATION SIGN} {stored.height}, {size}"
