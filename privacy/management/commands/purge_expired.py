from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from privacy.retention import purge_expired


class Command(BaseCommand):
    help = "Deletes or strips every row whose time is over. Safe to run twice at once."

    def handle(self, *args: Any, **options: Any) -> None:
        purged = purge_expired(now=timezone.now())
        for label, rows in purged.items():
            self.stdout.write(f"{label}: {rows}")
        if not purged:
            self.stdout.write("Nothing was due.")
