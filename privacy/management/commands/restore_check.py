from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from privacy.consent.opt_out_backup import lost_opt_outs, restore_opt_outs
from privacy.erasure.consequences import DeletionPrevented
from privacy.erasure.reapply import reapply
from privacy.erasure.tombstones import not_applied
from privacy.registry.purpose_binding import acts_for
from privacy.signals import database_restored


class Command(BaseCommand):
    help = (
        "After the main database was restored from a backup: deletes again whoever was deleted since, records again who"
        " opted out since, and ends every session and link that worked at the time of the backup. Safe to repeat."
    )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        self._delete_again()
        if lost := restore_opt_outs(lost_opt_outs()):
            self.stdout.write(f"{lost} opt-outs are younger than this database. They are written down again.")
        with transaction.atomic():
            for _, line in database_restored.send(type(self), now=timezone.now()):
                self.stdout.write(str(line))
        self.stdout.write("The site may serve.")

    def _delete_again(self) -> None:
        missing = not_applied()
        if not missing:
            self.stdout.write("This database has seen every deletion.")
            return
        self.stdout.write(f"{len(missing)} deletions are younger than this database.")
        try:
            found = reapply(missing)
        except DeletionPrevented as refusal:  # that of the only administrator in the backup
            raise CommandError(f"{refusal} `manage.py createsuperuser` does.") from None
        self.stdout.write(f"Deleted again: {found}. Not in it, or under no address: {len(missing) - found}.")
