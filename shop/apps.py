from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (importing connects them)
        from .paypal import checks  # noqa: F401  (importing registers them)
