from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "privacy.audit"
    label = "audit"

    def ready(self) -> None:
        from privacy.admin_base import checks  # noqa: F401  (importing registers it)
