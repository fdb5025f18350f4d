"""Settings of the staff's admin, a part of the platform's settings. Only names in capitals."""

from typing import Any

from django.templatetags.static import static

from staff import navigation

__all__ = ["FORMAT_MODULE_PATH", "UNFOLD"]

FORMAT_MODULE_PATH = ["staff.formats"]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "PVideo staff",
    "SITE_HEADER": "PVideo staff",
    "SITE_SYMBOL": "smart_display",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("img/favicon.svg"),
        }
    ],
    "STYLES": [lambda request: static("css/admin.css")],
    "SCRIPTS": [lambda request: static("js/admin_names.js")],
    "DASHBOARD_CALLBACK": "staff.dashboard_views.callback",
    "ENVIRONMENT": "staff.site_admin.environment",
    "SHOW_HISTORY": False,  # Django's own log may be deleted: the audit's is shown instead
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": None,
    "ACCOUNT": {"navigation": [{"title": "Account", "link": "/accounts/email/"}]},
    "SIDEBAR": {"show_search": False, "navigation": lambda request: navigation.groups()},
}
