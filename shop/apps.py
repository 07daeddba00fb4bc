from django.apps import AppConfig
from django.db.models.signals import post_migrate

from privacy.registry.purposes import Purpose


class ShopConfig(AppConfig):
    name = "shop"
    staff_acts_for = (Purpose.ORDER,)

    def ready(self) -> None:
        from .delivery import fulfillment  # noqa: F401  (importing connects them)
        from .paypal import checks  # noqa: F401  (importing registers them)
        from .terms.first_drafts import draft_first_terms

        post_migrate.connect(draft_first_terms, sender=self)
