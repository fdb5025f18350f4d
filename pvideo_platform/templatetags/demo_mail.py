"""Whether sent mail is kept for reading at /demo/mail/."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def sent_mail_is_kept() -> bool:
    return settings.SENT_MAIL_DIR is not None and not settings.PRODUCTION
