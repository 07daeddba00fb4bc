from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy.erasure.retention import purge_expired
from privacy.keystore.clock import clock_jump
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = "Deletes or redacts every expired row. Safe to run concurrently."

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if jump := clock_jump(now=now):
            raise CommandError(f"Nothing is purged: {jump}. See `manage.py housekeeping --clock-is-right`.")
        purged = purge_expired(now=now)
        for label, rows in purged.items():
            self.stdout.write(f"{label}: {rows}")
        if not purged:
            self.stdout.write("Nothing was due.")
