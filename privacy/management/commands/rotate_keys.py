from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy.encryption.keys import key_ring
from privacy.encryption.rotation import Column, columns, left_under_older_keys, rotate
from privacy.keystore import day_keys
from privacy.keystore.root_keys import forget_older_keys, note_root_keys
from privacy.mail.address_reindex import reindex_addresses
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = (
        "Re-encrypts and re-indexes everything under an older key of ENCRYPTION_KEYS with the primary key, while the "
        "site runs. Can be interrupted and repeated at any time; ends with a count of what is left."
    )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        note_root_keys()
        self.stdout.write(f"The primary key is {key_ring().primary.id.hex()}.")
        for column in columns():
            self._rotate(column)
        day_keys.rewrap()
        if changed := reindex_addresses(now=timezone.now()):
            self.stdout.write(
                f"{changed} addresses were reindexed by new rules; rows to review are listed in the admin."
            )
        left = {str(column): count for column in columns() if (count := left_under_older_keys(column))}
        if count := day_keys.left_under_older_keys():
            left["day keys"] = count
        for name, count in left.items():
            self.stdout.write(f"{name}: {count} still under an older key")
        if left:
            raise CommandError("Not finished: a process used an older key meanwhile. Please run the command again.")
        forget_older_keys()
        self.stdout.write("0 values are left under older keys: you can remove them from ENCRYPTION_KEYS.")

    def _rotate(self, column: Column) -> None:
        total = left_under_older_keys(column)
        if total:
            rotate(column, progress=lambda done: self.stdout.write(f"{column}: {done} of {total}"))
