"""The door to stored files: by signed link, with ranges so that a player can seek."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from generations import media_links, upload_links
from generations.ranged import ranged_response

CONTENT_TYPES = {"video": "video/mp4", "preview": "video/mp4", "poster": "image/jpeg"}


@require_safe
def media(request: HttpRequest, token: str, file_name: str) -> HttpResponseBase:
    found = media_links.resolve(token)
    if found is None:
        raise Http404("This link has expired or is not valid.")
    row, file = found
    download = "download" in request.GET
    return ranged_response(
        request,
        file.open("rb"),
        size=file.size,
        content_type=CONTENT_TYPES[file.field.name],
        filename=f"{row.generation_id}-{file_name}" if download else None,
        as_attachment=download,
        etag=f'"{row.generation_id}-{file.field.name}"',
    )


@require_safe
def upload(request: HttpRequest, token: str, file_name: str) -> HttpResponseBase:
    """A customer's own file, as itself: always through us, since the provider may not follow a
    redirect to a storage."""
    found = upload_links.resolve(token)
    if found is None:
        raise Http404("This link has expired or is not valid.")
    response = ranged_response(
        request,
        found.file.open("rb"),
        size=found.size_bytes,
        content_type=found.content_type,
        etag=f'"{found.pk}"',
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
