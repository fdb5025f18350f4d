from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = "Staff"
    default = True

    def ready(self) -> None:
        from staff import roles  # its models are ready only now

        post_migrate.connect(roles.install, sender=self)


class StaffAdminConfig(admin_apps.AdminConfig):
    """django.contrib.admin, with our own site in place of Django's."""

    default = False
    default_site = "staff.site_admin.StaffSite"
