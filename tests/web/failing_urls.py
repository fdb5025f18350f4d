"""The site, and addresses that show what it answers when something is wrong."""

from typing import NoReturn

from allauth.core.internal.ratelimit import respond_429
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.csrf import csrf_failure
from django.views.decorators.csp import csp_override

from pvideo_platform import problem_views, urls

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

BADLY_MADE = """<!doctype html><title>Bad</title><link rel="icon" href="data:,">
<meta name="color-scheme" content="light dark"><style>
body { margin: 0; background: light-dark(#fff, #000) }
h1 { color: light-dark(#000, #222) }
#wide { width: 1500px; height: 9px } #late { height: 0 }</style>
<main><div id="late"></div><h1>Badly made</h1><div id="wide"></div><p>One<p>Two<input></main>
<script>onload = () => setTimeout(() => { late.style.height = "300px" }, 50)</script>"""


def broken(_: HttpRequest) -> NoReturn:
    raise RuntimeError("as a fault of ours")


def refused(_: HttpRequest) -> NoReturn:
    raise SuspiciousOperation


@csp_override({})
def badly_made(_: HttpRequest) -> HttpResponse:
    """A page with each of the faults that pages are looked at for."""
    return HttpResponse(BADLY_MADE)


urlpatterns = [
    path("errors/400", refused),
    path("errors/csrf", csrf_failure),
    path("errors/429", respond_429),
    path("errors/500", broken),
    path("errors/503", problem_views.maintenance),
    path("errors/badly-made", badly_made),
    *urls.urlpatterns,
]
