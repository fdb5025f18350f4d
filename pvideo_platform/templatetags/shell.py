"""The frame of the site: its sections, and the icons."""

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

ICONS = "vendor/lucide-1.62.0/icons.svg"


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation: its own page, and the pages below it, by URL name."""

    name: str
    label: str
    icon: str
    below: tuple[str, ...] = ()


SECTIONS: tuple[tuple[str, tuple[Section, ...]], ...] = (
    (
        "Create",
        (
            Section("studio", "Studio", "clapperboard"),
            Section("gallery", "Gallery", "layout-grid", ("generation", "cancel_generation")),
        ),
    ),
    (
        "Money",
        (
            Section("billing", "Billing", "wallet", ("statement", "top_up", "top_ups")),
            Section("usage", "Usage", "chart-column"),
        ),
    ),
    (
        "Build",
        (
            Section("api_keys", "API keys", "key-round", ("rotate_api_key", "revoke_api_key")),
            Section("webhooks", "Webhooks", "webhook"),
            Section("api_docs", "API reference", "book-open", ("problems", "problem")),
        ),
    ),
    (
        "Organization",
        (
            Section("team", "Team", "users"),
            Section("settings", "Settings", "settings"),
        ),
    ),
)


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[tuple[str, list[dict[str, str]]]]:
    """The sections as (group, entries with `url`, `label`, `icon` and `current`).

    `current` is what aria-current says: "page" on the section's own page, "true" on one below.
    """
    request: HttpRequest | None = context.get("request")
    match = request.resolver_match if request else None
    here = (match.url_name if match else "") or ""

    def current(section: Section) -> str:
        if here == section.name:
            return "page"
        is_below = here in section.below or here.startswith(f"{section.name}_")
        return "true" if is_below else ""

    return [
        (
            group,
            [
                {
                    "url": reverse(section.name),
                    "label": section.label,
                    "icon": section.icon,
                    "current": current(section),
                }
                for section in sections
            ],
        )
        for group, sections in SECTIONS
    ]


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """One of the symbols in static/vendor/lucide-*/icons.svg; for the eye only."""
    return format_html(
        '<svg class="icon {}" width="20" height="20" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"/></svg>',
        css_class,
        static(ICONS),
        name,
    )
