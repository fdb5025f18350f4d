"""The API's description, as a document for programs and as a page for people."""

import hashlib
import json
from functools import cache
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition

from pvideo_platform import openapi, openapi_javascript, openapi_pages, problems

CONTENT_TYPES = {"json": "application/json", "yaml": "application/yaml"}
SAFE = ("GET", "HEAD")


class _Dumper(yaml.SafeDumper):
    """Without anchors: the same object twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@cache
def _written(kind: str) -> bytes:
    document = openapi.document()
    if kind == "yaml":
        return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _wanted(request: HttpRequest, kind: str) -> str:
    """By the address, by `format`, or by what `Accept` likes best."""
    asked = request.GET.get("format", kind)
    if asked in CONTENT_TYPES:
        return asked
    best = request.get_preferred_type(["application/json", "application/yaml"])
    return "yaml" if best == "application/yaml" else "json"


def _etag(request: HttpRequest, kind: str = "") -> str:
    return f'"{hashlib.sha256(_written(_wanted(request, kind))).hexdigest()[:32]}"'


@condition(etag_func=_etag)
def _document(request: HttpRequest, kind: str = "") -> HttpResponse:
    wanted = _wanted(request, kind)
    response = HttpResponse(_written(wanted), content_type=CONTENT_TYPES[wanted])
    response["Access-Control-Allow-Origin"] = "*"  # public, and viewers elsewhere may read it
    response["Vary"] = "Accept"
    return response


def schema(request: HttpRequest, kind: str = "") -> HttpResponse:
    if request.method not in SAFE:
        return _not_allowed(request)
    return _document(request, kind)


def javascript_client(request: HttpRequest) -> HttpResponse:
    if request.method not in SAFE:
        return _not_allowed(request)
    text = openapi_javascript.written(openapi.document())
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    return response


def docs(request: HttpRequest) -> HttpResponse:
    if request.method not in SAFE:
        return _not_allowed(request)
    return render(request, "api_docs.html", {"docs": openapi_pages.page()})


def _not_allowed(request: HttpRequest) -> HttpResponse:
    answer = problems.answer(
        request, "method_not_allowed", f'Method "{request.method}" not allowed.'
    )
    answer["Allow"] = ", ".join(SAFE)
    return answer
