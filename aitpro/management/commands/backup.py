import signal
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aitpro.backups.archive import make_key, read_identities
from aitpro.backups.making import FinishedBackup, make_backup
from aitpro.backups.places import require_outside
from aitpro.backups.problems import BackupProblem
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = (
        "Writes an encrypted backup of the main database and the product files, checks it, and deletes this site's "
        "older ones in the same folder. Never contains the key store. Safe while the site runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="the folder of the backups, outside the site's own")
        parser.add_argument(
            "--keep-days",
            type=int,
            default=settings.BACKUP_DAYS,
            metavar="N",
            help="delete older ones; at most BACKUP_DAYS, which is the default",
        )
        parser.add_argument("--recipient", action="append", metavar="age1…", help="instead of BACKUP_RECIPIENTS")
        parser.add_argument("--identity", type=Path, metavar="FILE", help="a private key: also open the backup once")
        parser.add_argument(
            "--make-key", type=Path, metavar="FILE", help="only make a pair of keys: the private one is written to FILE"
        )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
        try:
            if options["make_key"]:
                self._make_key(options["make_key"])
            elif options["to"]:
                self._back_up(options)
            else:
                raise BackupProblem("Name the folder: --to DIR. Or make a pair of keys first: --make-key FILE.")
        except BackupProblem as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error.strerror or type(error).__name__}.") from None

    def _make_key(self, path: Path) -> None:
        require_outside(path.absolute().parent)
        public = make_key(path)
        self.stdout.write(f"BACKUP_RECIPIENTS={public}")
        self.stdout.write(
            "Put this line into .env. Move the file with the private key to where neither this machine nor the backups"
            " are, and keep a second copy: without it, no backup can be opened."
        )

    def _back_up(self, options: dict[str, Any]) -> None:
        made = make_backup(
            folder=options["to"],
            recipients=options["recipient"] or settings.BACKUP_RECIPIENTS,
            keep_days=options["keep_days"],
            identities=read_identities(options["identity"]) if options["identity"] else [],
            now=timezone.now(),
        )
        self._report(made, opened=bool(options["identity"]))

    def _report(self, made: FinishedBackup, *, opened: bool) -> None:
        rows, files = sum(made.manifest.tables.values()), len(made.manifest.files) - 1
        self.stdout.write(f"{made.path.name}: {made.size} bytes, {rows} rows, {files} product files.")
        self.stdout.write("Read back, opened and checked." if opened else "Read back: it is what was written.")
        for name in made.deleted:
            self.stdout.write(f"Deleted: {name}")
        for note in made.notes:
            self.stdout.write(note)
