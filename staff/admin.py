"""The admin of what is nobody's in particular: the queue's rows. No framework has pages of its own.

Frameworks register pages for their rows (sign-in, second factors, groups) that would write no act
and show secrets. What staff need of these is on a user's page, as acts with a reason.
"""

from typing import Any

from django.contrib import admin
from django_q.models import Failure, Success

from backoffice.big_admin import LookupAdmin, ReadOnly
from staff import alerts_admin as alerts_admin  # these register their own pages
from staff import reconciliation_admin as reconciliation_admin
from staff import trial_balance_admin as trial_balance_admin

OUR_OWN = ("backoffice", "accounts", "webhooks", "billing", "generations", "audit", "staff")

for model in [one for one in admin.site._registry if one._meta.app_label not in OUR_OWN]:
    admin.site.unregister(model)


class TaskAdmin(ReadOnly, LookupAdmin):
    """What the queue ran. Kept by the queue itself, the latest few hundred."""

    list_display: Any = ("started", "name", "func", "stopped", "group")
    list_filter = ("group",)
    ordering = ("-started",)
    found_by = {}
    search_texts = ("id", "func")


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    list_display = ("started", "name", "func", "result")
