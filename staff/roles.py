"""Who of the staff may do what: one table. The groups of the database are made from it.

`install` runs after each migration, so a group is what this table says, whatever was clicked.
Superusers may do everything; a person's roles are the groups that a superuser gave.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

OWN_PERMISSIONS: dict[str, tuple[str, str]] = {
    "accounts.view_personal_data": ("user", "Can see who customers are"),
    "accounts.log_in_as": ("user", "Can look at the site as a customer"),
    "accounts.reset_second_factor": ("user", "Can take a user's second factor off"),
    "accounts.end_sessions": ("user", "Can sign a user out everywhere"),
    "generations.view_prompts": ("generation", "Can see what customers make"),
    "generations.ask_provider": ("generation", "Can ask the provider about a generation now"),
    "generations.fetch_media": ("generation", "Can fetch a generation's file again"),
    "generations.release_hold": ("generation", "Can end a generation and release its hold"),
    "generations.refund_generation": ("generation", "Can give back what a generation cost"),
    "webhooks.replay_delivery": ("delivery", "Can send a customer's webhook again"),
    "billing.replay_paymentevent": ("paymentevent", "Can work on one of Stripe's events again"),
}
"""Permissions that Django does not make of itself: the model they belong to, and what they say."""

_READ: dict[str, tuple[str, ...]] = {
    "accounts": ("organization", "membership", "user", "apikey", "spending"),
    "generations": ("generation", "generationevent", "providercallback", "media"),
    "billing": (
        *("wallet", "entry", "hold", "freeze", "price", "topup", "refund", "dispute"),
        *("paymentevent", "topupterms", "bonusrule", "promotioncode", "redemption"),
    ),
    "webhooks": ("endpoint", "event", "delivery", "attempt", "notice"),
    "backoffice": ("approval",),
    "audit": ("trail",),
    "staff": ("alert", "difference", "dailymoney"),
    "django_q": ("success", "failure"),
}
READ = frozenset(f"{app}.view_{model}" for app, models in _READ.items() for model in models)

ACTIONS: dict[str, str] = {
    "see personal data": "accounts.view_personal_data",
    "see prompts": "generations.view_prompts",
    "log in as a customer": "accounts.log_in_as",
    "reset a second factor": "accounts.reset_second_factor",
    "end all sessions": "accounts.end_sessions",
    "ask the provider now": "generations.ask_provider",
    "fetch media again": "generations.fetch_media",
    "send a webhook again": "webhooks.replay_delivery",
    "work on Stripe's event again": "billing.replay_paymentevent",
    "adjust credits": "billing.add_entry",
    "approve an adjustment": "backoffice.change_approval",
    "refund a payment": "billing.add_refund",
    "refund a generation": "generations.refund_generation",
    "release a hold": "generations.release_hold",
    "freeze": "billing.add_freeze",
    "unfreeze": "billing.change_freeze",
    "set limits": "accounts.change_organization",
    "add a price": "billing.add_price",
    "set top-up terms": "billing.change_topupterms",
    "add a bonus rule": "billing.add_bonusrule",
    "change a bonus rule": "billing.change_bonusrule",
    "add a promotion code": "billing.add_promotioncode",
    "change a promotion code": "billing.change_promotioncode",
    "acknowledge an alert": "staff.change_alert",
    "work off a difference": "staff.change_difference",
    "enter a provider's invoice": "staff.add_providerinvoice",
    "withdraw a provider's invoice": "staff.change_providerinvoice",
}
"""What staff do, and the permission that it needs."""

SUPPORT, FINANCE = "support", "finance"

ROLES: dict[str, frozenset[str]] = {
    SUPPORT: frozenset(
        {
            *("see personal data", "see prompts", "log in as a customer", "ask the provider now"),
            *("fetch media again", "send a webhook again", "work on Stripe's event again"),
            *("reset a second factor", "end all sessions", "acknowledge an alert"),
        }
    ),
    FINANCE: frozenset(
        {
            *("see personal data", "work on Stripe's event again", "adjust credits"),
            *("approve an adjustment", "refund a payment", "refund a generation"),
            *("release a hold", "freeze", "unfreeze", "set limits", "add a price"),
            *("set top-up terms", "add a bonus rule", "change a bonus rule"),
            *("add a promotion code", "change a promotion code"),
            *("acknowledge an alert", "work off a difference"),
            *("enter a provider's invoice", "withdraw a provider's invoice"),
        }
    ),
}
"""Support reads and replays. Finance adjusts, refunds and sets prices. Both read all else."""


def permissions_of(role: str) -> frozenset[str]:
    return READ | {ACTIONS[action] for action in ROLES[role]}


def install(**signal: Any) -> None:
    """Make our own permissions and the groups, as the table says. Changes nothing that agrees."""
    ContentType.objects.clear_cache()
    for name, (model, says) in OWN_PERMISSIONS.items():
        app, codename = name.split(".")
        owner = ContentType.objects.get_by_natural_key(app, model)
        Permission.objects.get_or_create(
            content_type=owner, codename=codename, defaults={"name": says}
        )
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        wanted = _rows(permissions_of(role))
        if set(group.permissions.values_list("pk", flat=True)) != wanted:
            group.permissions.set(wanted)


def _rows(names: Iterable[str]) -> set[int]:
    wanted = Q()
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return set(Permission.objects.filter(wanted).values_list("pk", flat=True))
