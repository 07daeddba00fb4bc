from django.apps import AppConfig


class AffiliatesConfig(AppConfig):
    name = "affiliates"

    def ready(self) -> None:
        from . import notifications, receivers, restored  # noqa: F401  (importing connects them)
