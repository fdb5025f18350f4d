from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks to customers"

    def ready(self) -> None:
        from accounts import closing as organizations_end
        from webhooks import closing  # models, which are ready only now

        organizations_end.register(closing.PART)
