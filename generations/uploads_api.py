"""The REST API's doors for uploads."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import pages, query_api
from accounts.authentication import caller
from accounts.body_api import require_length
from accounts.errors import FieldError, InvalidParameters
from accounts.idempotent_views import idempotent
from accounts.models import Scope
from accounts.resource_api import Resource
from generations import answers, api_shapes, uploads
from generations.reading_api import pointer
from generations.upload_models import Upload

TAG = "Uploads"
FORM_BYTES = 10_000
"""What a form may have around its file."""


class Uploads(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ, "POST": Scope.UPLOADS_WRITE}
    queried = ("GET",)
    errors = {"POST": ("upload_quota_exceeded", "busy")}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="create_upload",
        summary="Upload a file",
        description="A picture (jpg, png, webp; at most 20 MB) or sound (flac, mp3, wav; at most "
        "50 MB and 10 minutes) in the form field `file`. Use the answer's `url` as `image` or "
        "`audio`. It is kept for 7 days.",
        tags=[TAG],
        request={"multipart/form-data": api_shapes.UPLOAD_REQUEST},
        responses={201: OpenApiResponse(api_shapes.UPLOAD, "Stored.")},
        extensions={"x-idempotent": True, "x-location": True},
    )
    def post(self, request: Request) -> Any:
        file = _file(request)
        with tempfile.NamedTemporaryFile(prefix="upload-") as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            upload = uploads.store(caller(request), Path(copy.name), filename=file.name or "")
        kept = False
        try:
            response = self._keep(request, upload)
            kept = upload.ready_at is not None
        finally:
            if not kept:  # refused, or repeated: then the first one's upload is the answer
                uploads.discard(upload)
        return response

    @idempotent
    def _keep(self, request: Request, upload: Upload) -> Response:
        uploads.keep(upload)
        headers = {"Location": f"/api/v1/uploads/{upload.pk}"}
        return Response(answers.upload(upload), status=201, headers=headers)

    @extend_schema(
        operation_id="list_uploads",
        summary="List uploads",
        description="Those that can still be used.",
        tags=[TAG],
        parameters=query_api.PAGING_PARAMETERS,
        responses={200: OpenApiResponse(api_shapes.UPLOAD_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        paging = query_api.read(request, query_api.PAGING)
        page = pages.page(uploads.owned(caller(request).organization_id), **paging)
        return Response(query_api.page_as_json(request, page, answers.upload))


def _file(request: Request) -> "UploadedFile[Any]":
    """The form's one file, before which nothing is read that is too large.

    Raises: InvalidParameters, BodyTooLarge, LengthRequired.
    """
    require_length(request)
    limit = max(settings.AUDIO_MAX_BYTES, settings.UPLOAD_IMAGE_MAX_BYTES) + FORM_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise uploads.FileTooLarge(f"The request body must be at most {limit} bytes.")
    given = [(name, file) for name, files in request.FILES.lists() for file in files]
    others = [name for name in request.data if name not in request.FILES]
    errors = [
        FieldError(name, "unknown", "the form has one field, file", pointer=pointer(name))
        for name in [*others, *(name for name, _ in given if name != "file")]
    ]
    if len([name for name, _ in given if name == "file"]) != 1:
        message = "file is required, once, as a file of a multipart form"
        errors.insert(0, FieldError("file", "required", message, pointer="/file"))
    if errors:
        raise InvalidParameters(errors)
    file: UploadedFile[Any] = given[0][1]
    return file


class OneUpload(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ, "DELETE": Scope.UPLOADS_WRITE}
    errors = {"DELETE": ("upload_in_use",)}

    @extend_schema(
        operation_id="retrieve_upload",
        summary="Retrieve an upload",
        description="As long as it can be used; after that it is not found.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.UPLOAD, "The upload.")},
    )
    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        found = uploads.one(caller(request).organization_id, upload_id)
        return Response(answers.upload(found))

    @extend_schema(
        operation_id="delete_upload",
        summary="Delete an upload",
        description="Not while a generation that uses it is open: 409 `upload_in_use`.",
        tags=[TAG],
        responses={204: OpenApiResponse(None, "Deleted.")},
    )
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        uploads.delete(caller(request).organization_id, upload_id)
        return Response(status=204)
