from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from aitpro.backups.archive import read_identities
from aitpro.backups.manifest import Manifest
from aitpro.backups.problems import BackupProblem
from aitpro.backups.restoring import check_backup, restore_backup
from aitpro.file_permissions import restrict_permissions
from privacy.registry.purpose_binding import acts_for

BY_HAND = """Before you start the site:
- Passwords, second factors, recovery codes, roles and closed accounts are those of the backup. If one was changed since
  because of a leak or a departure, change it again.
- Mails that were queued at {time} are sent a second time.
- Orders, refunds and payouts since {time} are missing here and known to PayPal. Run `manage.py
  housekeeping` once, then look at the reconciliation with PayPal and the payouts in the admin.
- Run `manage.py verify_ledger`, `manage.py verify_audit` and `manage.py check_promises`."""
WITHOUT_KEY_STORE = """\
- The key store is new. Visitors' addresses of the last 30 days can't be read. Deletions and opt-outs since {time} are
  unknown: take them from your mails, and repeat each with `manage.py erase_person` or as an opt-out in the admin."""


class Command(BaseCommand):
    help = (
        "Puts a backup in the place of the main database, with its product files, applies migrations and runs "
        "restore_check. The key store stays as it is. Stop the site first. Can be repeated after an interruption."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, metavar="FROM", help="the backup's file")
        parser.add_argument("--identity", type=Path, required=True, metavar="FILE", help="the file of the private key")
        parser.add_argument("--check", action="store_true", help="only open and check all of it")
        parser.add_argument("--replace", action="store_true", help="the database that is there may be lost")
        parser.add_argument("--without-key-store", action="store_true", help="the key store of the time is lost")

    @acts_for(upkeep=True)
    def handle(self, *args: Any, backup: Path, **options: Any) -> None:
        restrict_permissions()
        try:
            identities = read_identities(options["identity"])
            if options["check"]:
                self._describe(check_backup(path=backup, identities=identities, now=timezone.now()))
            else:
                self._restore(backup, identities, options)
        except BackupProblem as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"Not restored: {error.strerror or type(error).__name__}. Run it again.") from None
        except Error as error:
            raise CommandError(f"Not restored: the database raised {type(error).__name__}. Run it again.") from None

    def _restore(self, backup: Path, identities: list[Any], options: dict[str, Any]) -> None:
        manifest = restore_backup(
            path=backup,
            identities=identities,
            replace=options["replace"],
            without_key_store=options["without_key_store"],
            now=timezone.now(),
            say=self.stdout.write,
        )
        self._describe(manifest)
        time = f"{manifest.time:%Y-%m-%d %H:%M} UTC"
        self.stdout.write(BY_HAND.format(time=time))
        if options["without_key_store"]:
            self.stdout.write(WITHOUT_KEY_STORE.format(time=time))

    def _describe(self, manifest: Manifest) -> None:
        self.stdout.write(
            f"The backup of {manifest.time:%Y-%m-%d %H:%M:%S} UTC is complete: {sum(manifest.tables.values())} rows in"
            f" {len(manifest.tables)} tables, {len(manifest.files) - 1} product files."
        )
