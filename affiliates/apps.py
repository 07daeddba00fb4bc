from django.apps import AppConfig
from django.db.models.signals import post_migrate

from privacy.registry.purposes import Purpose


class AffiliatesConfig(AppConfig):
    name = "affiliates"
    staff_acts_for = (Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)

    def ready(self) -> None:
        from . import after_restore, receivers  # noqa: F401  (importing connects them)
        from .membership.first_terms import publish_first_terms

        post_migrate.connect(publish_first_terms, sender=self)
