from django.apps import AppConfig
from django.core.checks import register


class PVideoPlatformConfig(AppConfig):
    name = "pvideo_platform"
    verbose_name = "Platform"

    def ready(self) -> None:
        from pvideo_platform import checks  # reads the settings, which are ready only now

        register(checks.platform_settings, checks.TAG)
