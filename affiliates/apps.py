from django.apps import AppConfig
from django.db.models.signals import post_migrate

from privacy.registry.purposes import Purpose


class AffiliatesConfig(AppConfig):
    name = "affiliates"
    staff_acts_for = (Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)

    def ready(self) -> None:
        from . import after_restore, shop_reports  # noqa: F401  (importing these modules registers or connects them)
        from .commissions import sync_with_orders  # noqa: F401
        from .membership import notifications  # noqa: F401
        from .membership.first_terms import publish_first_terms
        from .payouts import webhook_updates  # noqa: F401
        from .statistics import update_on_change  # noqa: F401
        from .tracking import code_cache  # noqa: F401

        post_migrate.connect(publish_first_terms, sender=self)
