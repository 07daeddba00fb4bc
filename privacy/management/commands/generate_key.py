from typing import Any

from django.core.management.base import BaseCommand

from privacy.encryption.keys import RootKey
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = "Prints a new root key for ENCRYPTION_KEYS. Store a copy separately from the database backups."
    requires_system_checks: list[str] = []

    @acts_for()
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(RootKey.generate().written_out())
