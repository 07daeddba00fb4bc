from typing import Any

from django_tasks_db.management.commands import db_worker

from aitpro.file_permissions import restrict_permissions
from aitpro.health.watch import watch_in_background
from privacy.erasure.readiness import NotReady, require_ready


class Command(db_worker.Command):
    """The worker of django-tasks-db, which does not start on a database that must not serve."""

    def handle(self, *args: Any, **options: Any) -> None:
        restrict_permissions()
        try:
            require_ready()
        except NotReady as reason:
            raise SystemExit(f"db_worker: {reason}") from None
        watch_in_background()
        super().handle(*args, **options)
