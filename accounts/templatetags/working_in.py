"""Forms that say whose page they stand on.

Somebody who works in two organizations has pages of both open. What is sent from a page of the one
must not happen in the other, so each form of a member's page names its organization, and
`accounts.views.member_page` compares.
"""

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

register = template.Library()

FIELD = "working_in"


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> str:
    """Django's tag of this name, which every form has, and the page's organization."""
    token = CsrfTokenNode().render(context)
    organization_id = getattr(getattr(context, "request", None), "working_in", None)
    if organization_id is None:
        return token
    return format_html(
        '{}<input type="hidden" name="{}" value="{}">', token, FIELD, organization_id.hex
    )
