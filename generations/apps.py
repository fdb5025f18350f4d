from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        from accounts import closing as organizations_end
        from generations import closing  # models, which are ready only now

        organizations_end.register(closing.PART)
