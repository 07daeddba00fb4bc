from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from privacy.consent.opt_out_backup import lost_opt_outs, restore_opt_outs
from privacy.erasure.consequences import DeletionPrevented
from privacy.erasure.reapply import reapply
from privacy.erasure.restored import end_restore
from privacy.erasure.tombstones import missing_erasures
from privacy.registry.purpose_binding import acts_for
from privacy.signals import database_restored


class Command(BaseCommand):
    help = (
        "Run after restoring the main database from a backup: repeats later erasures and opt-outs, and ends all "
        "sessions and links that were valid at the time of the backup. Safe to repeat."
    )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        self._delete_again()
        if lost := restore_opt_outs(lost_opt_outs()):
            self.stdout.write(f"{lost} opt-outs were missing and have been restored.")
        with transaction.atomic():
            for _, line in database_restored.send(type(self), now=timezone.now()):
                self.stdout.write(str(line))
            end_restore()
        self.stdout.write("The site can start.")

    def _delete_again(self) -> None:
        missing = missing_erasures()
        if not missing:
            self.stdout.write("No erasures are missing.")
            return
        self.stdout.write(f"{len(missing)} erasures are missing in this database.")
        try:
            found = reapply(missing)
        except DeletionPrevented as refusal:  # of the only administrator in the backup
            raise CommandError(f"{refusal} Use `manage.py createsuperuser`.") from None
        self.stdout.write(f"Erased again: {found}. Not found: {len(missing) - found}.")
