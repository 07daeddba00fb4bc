from django.apps import AppConfig

from privacy.registry.purposes import Purpose


class AffiliatesConfig(AppConfig):
    name = "affiliates"
    staff_acts_for = (Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)

    def ready(self) -> None:
        from . import after_restore, receivers  # noqa: F401  (importing connects them)
