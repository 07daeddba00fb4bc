from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        from .paypal import checks  # noqa: F401  (importing registers them)
