from django.apps import AppConfig

from privacy.registry.purposes import Purpose


class ShopConfig(AppConfig):
    name = "shop"
    staff_acts_for = (Purpose.ORDER,)

    def ready(self) -> None:
        from .delivery import fulfillment  # noqa: F401  (importing connects them)
        from .paypal import checks  # noqa: F401  (importing registers them)
