from typing import Any

from django.core.management.commands import migrate

from privacy.databases.migrations import migrated_apps
from privacy.registry.purpose_binding import acts_for


class Command(migrate.Command):
    """Django's command. In the key store it applies the migrations of the one app that has tables there: those of all
    other apps would do nothing, and take as long as in the main database."""

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        labels = migrated_apps(options["database"])
        if not options["app_label"] and len(labels) == 1:
            options.update(app_label=min(labels), run_syncdb=False)
        super().handle(*args, **options)
