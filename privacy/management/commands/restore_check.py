from typing import Any

from django.core.management.base import BaseCommand

from privacy.tombstones import not_applied, reapply


class Command(BaseCommand):
    help = (
        "After the main database was restored from a backup: deletes again whoever was deleted since. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = not_applied()
        if not missing:
            self.stdout.write("This database has seen every deletion. The site may serve.")
            return
        self.stdout.write(f"{len(missing)} deletions are younger than this database.")
        found = reapply(missing)
        self.stdout.write(f"Deleted again: {found}. Not in it, or under no address: {len(missing) - found}.")
        self.stdout.write("The site may serve.")
