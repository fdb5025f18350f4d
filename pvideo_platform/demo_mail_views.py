"""The mail that a development or demo start has sent, to be read in the browser.

Whoever opens these pages reads everybody's codes: in production there are none.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from pvideo_platform import sent_mail
from pvideo_platform.sent_mail import SentMail

_MAIL_POLICY: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],  # as mail programs allow
    "img-src": ["data:"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}


def _where_mail_is_kept[**P](
    view: Callable[Concatenate[HttpRequest, Path, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the view the folder; where there is none, there is no page."""

    @require_safe
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        folder = settings.SENT_MAIL_DIR
        if settings.PRODUCTION or folder is None:
            raise Http404
        return view(request, Path(folder), *args, **kwargs)

    return guarded


@_where_mail_is_kept
def inbox(request: HttpRequest, folder: Path) -> HttpResponse:
    """All of it, newest first; with ?to=, of one recipient."""
    to = request.GET.get("to", "").strip().lower()
    mails = [mail for mail in sent_mail.newest_first(folder) if to in mail.recipients.lower()]
    return render(request, "demo_mail/inbox.html", {"mails": mails, "to": to})


@_where_mail_is_kept
def message(request: HttpRequest, folder: Path, name: str) -> HttpResponse:
    return render(request, "demo_mail/message.html", {"mail": _found(folder, name)})


@xframe_options_sameorigin
@csp_override(_MAIL_POLICY)
@_where_mail_is_kept
def message_html(request: HttpRequest, folder: Path, name: str) -> HttpResponse:
    """The message as a mail program shows it, for the frame on its page."""
    html = _found(folder, name).html
    return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))


def _found(folder: Path, name: str) -> SentMail:
    mail = sent_mail.one(folder, name)
    if mail is None:
        raise Http404
    return mail
