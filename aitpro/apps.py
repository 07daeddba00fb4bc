from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AitproConfig(AppConfig):
    name = "aitpro"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers them)


class SiteAdminConfig(AdminConfig):
    default_site = "aitpro.admin_site.site.SiteAdmin"
