from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = "Staff"
    default = True


class StaffAdminConfig(admin_apps.AdminConfig):
    """django.contrib.admin, with our own site in place of Django's."""

    default = False
    default_site = "staff.site_admin.StaffSite"
