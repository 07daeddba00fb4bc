from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import pre_migrate


class AitproConfig(AppConfig):
    name = "aitpro"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers them)
        from .migration_history import refuse_unknown_migrations

        # Once per database: Django sends the signal for each app that has models, so not for this one.
        pre_migrate.connect(refuse_unknown_migrations, sender=apps.get_app_config("traffic"))


class SiteAdminConfig(AdminConfig):
    default_site = "aitpro.admin_site.site.SiteAdmin"
