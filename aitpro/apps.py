from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import pre_migrate
from django_tasks.signals import task_finished, task_started

from .logs.activity import on_task_finished, on_task_started
from .logs.slow_queries import install_slow_query_log


class AitproConfig(AppConfig):
    name = "aitpro"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers them)
        from .migration_history import refuse_unknown_migrations

        # Once per database: Django sends the signal for each app that has models, so not for this one.
        pre_migrate.connect(refuse_unknown_migrations, sender=apps.get_app_config("traffic"))
        connection_created.connect(install_slow_query_log)
        task_started.connect(on_task_started)
        task_finished.connect(on_task_finished)


class SiteAdminConfig(AdminConfig):
    default_site = "aitpro.admin_site.site.SiteAdmin"
