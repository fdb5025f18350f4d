"""A page on which staff do one thing: what it comes to, why, and the button."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

from backoffice.acts import REASON_LENGTH
from backoffice.visible import visible

# A domain's refusals are known by what they carry: this package is below the one that names them.
Do = Callable[[Any], str]
INCONSISTENT = (
    "The database refuses it: these rows do not agree with each other. Nothing was changed. "
    "Tell engineering, and look at Reconciliation."
)
_log = logging.getLogger(__name__)


class ReasonField(forms.CharField):
    """Words that can be read. What cannot be seen is taken out of them, and is no reason."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not isinstance(text, str):
            return text
        return text if "\x00" in text else visible(text)


class ReasonForm(forms.Form):
    reason = ReasonField(
        label="Why?",
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the act and your name.",
    )


def act_page(
    model_admin: Any,
    request: HttpRequest,
    row: Model,
    *,
    permission: str,
    title: str,
    says: Sequence[str],
    button: str,
    do: Do,
    refusals: type[Exception],
    form_class: type[forms.Form] = ReasonForm,
    possible: bool = True,
    danger: bool = False,
) -> HttpResponse:
    """Ask for a reason, then act, in one transaction.

    Args:
        says: what will happen, a sentence each.
        do: the act, given the form; answers what to tell. Its refusals are shown on the form, and
            so are the database's.
        possible: whether the row's state allows it; otherwise the page says so without a form.
    """
    if not request.user.has_perm(permission):
        raise PermissionDenied
    form = form_class(request.POST or None)
    back = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    status = 200
    if request.method == "POST" and possible and form.is_valid():
        try:
            with transaction.atomic():
                told = do(form)
        except refusals as error:
            form.add_error(None, str(error))
        except IntegrityError:
            _log.exception("%s %s: the database refuses to %s", row._meta.label, row.pk, title)
            form.add_error(None, INCONSISTENT)
            status = 409
        else:
            messages.success(request, told)
            return HttpResponseRedirect(back)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "row": capfirst(model_admin.named(row)),
        "says": says,
        "form": form,
        "button": button,
        "possible": possible,
        "danger": danger,
        "back": back,
    }
    if status == 200 and form.is_bound and form.errors:
        status = 422
    return TemplateResponse(request, "backoffice/act.html", context, status=status)
