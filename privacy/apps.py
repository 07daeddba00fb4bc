from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from . import checks, encryption_evidence, third_party  # noqa: F401  (importing registers them)

        autodiscover_modules("mails")
        autodiscover_modules("promises")
        autodiscover_modules("contact_lists")
        autodiscover_modules("staff_tasks")
