from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts import closing as organizations_end
        from billing import closing  # models, which are ready only now

        organizations_end.register(closing.PART)
