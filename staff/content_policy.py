"""The admin's own Content-Security-Policy: docs/decisions/0040-the-admins-content-policy.md."""

from typing import Any

from django.utils.csp import CSP


def admin_policy() -> dict[str, Any]:
    """The site's policy but for two things that unfold cannot do without.

    Its Alpine.js compiles the attributes of our own templates (unsafe-eval), and sets whole style
    attributes. Nothing comes from elsewhere, no script and no style sheet stands in a page, and
    forms lead nowhere else.
    """
    return {
        "default-src": [CSP.SELF],
        "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
        "style-src": [CSP.SELF],
        "style-src-attr": [CSP.UNSAFE_INLINE],
        "img-src": [CSP.SELF, "data:"],
        "frame-ancestors": [CSP.SELF],  # the pop-up of a related row
        "base-uri": [CSP.SELF],
        "form-action": [CSP.SELF],
        "object-src": [CSP.NONE],
    }
