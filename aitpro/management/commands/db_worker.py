from typing import Any

from django.core.management.base import CommandError
from django.utils.autoreload import run_with_reloader
from django_tasks_db.management.commands import db_worker

from aitpro.file_permissions import restrict_permissions
from aitpro.health.watch import watch_in_background
from aitpro.processes.worker import Worker
from privacy.databases.outages import through_outages
from privacy.erasure.readiness import NotReady, require_ready


class Command(db_worker.Command):
    """The command of django-tasks-db with our worker. It waits for databases that are not up yet, and does not start on
    those that must not serve."""

    def handle(self, *args: Any, **options: Any) -> None:
        restrict_permissions()
        self.configure_logging(options["verbosity"])
        queues, excluded = options["queue_name"].split(","), options["exclude_queues"]
        if excluded and "*" not in queues:
            raise CommandError("--exclude-queues can only be used with --queue-name=*")
        worker = Worker(
            queue_names=queues,
            excluded_queue_names=excluded.split(",") if excluded else [],
            **{
                name: options[name]
                for name in ("interval", "batch", "backend_name", "startup_delay", "max_tasks", "worker_id")
            },
        )
        if options["reload"] and not options["batch"]:
            run_with_reloader(self.work, worker)
        else:
            worker.configure_signals()
            self.work(worker)

    def work(self, worker: Worker) -> None:
        try:
            through_outages(require_ready)
        except NotReady as reason:
            raise SystemExit(f"db_worker: {reason}") from None
        watch_in_background()
        worker.run()
