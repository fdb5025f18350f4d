"""The staff's site: who gets in, under which content policy, and what stands around each page."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.csp import csp_override
from unfold.sites import UnfoldAdminSite

from staff import acting_views, content_policy, looking_as_views, second_factor_views

if TYPE_CHECKING:
    BaseSite = AdminSite
else:
    BaseSite = UnfoldAdminSite

View = Callable[..., Any]


class StaffSite(BaseSite):
    """Django's admin in unfold's clothes. Login is allauth's, with a second factor."""

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Strangers go to the site's own login and come back; people without rights get 403."""
        answer: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return answer

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """At one's own account, which tells of it by e-mail, and limits how often one may try."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Every page of the admin passes here: second factor, name, page, content policy."""
        page = second_factor_views.required(acting_views.as_actor(view))
        guarded = super().admin_view(page, cacheable)

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return csp_override(content_policy.admin_policy())(guarded)(request, *args, **kwargs)

        return wrapped

    def get_urls(self) -> list[Any]:
        """With the pages that are no model's."""
        return [
            path("look/end/", self.admin_view(looking_as_views.end), name="stop_looking"),
            path(
                "look/<uuid:organization_id>/",
                self.admin_view(looking_as_views.begin),
                {"site": self},
                name="look_as",
            ),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Without unfold's colors, which it writes into each page: ours are a style sheet."""
        return {**super().each_context(request), "colors": None}


def environment(request: HttpRequest) -> list[str]:
    """The badge in the header: where an act of yours takes effect."""
    return [
        settings.PVIDEO_MODE.capitalize(),
        "danger" if settings.PRODUCTION else "info",
    ]
