import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connections

from aitpro.health.parts import folders
from aitpro.upgrades.after_restart import READY, wait_until_ready
from aitpro.upgrades.migrating import Pending, migrate, pending
from aitpro.upgrades.traffic_safety import dangers
from privacy.databases.aliases import own_aliases
from privacy.erasure.restored import is_restore_pending
from privacy.registry.purpose_binding import acts_for

RESTART = (
    "systemctl restart aitpro-web@1 && systemctl restart aitpro-web@2 && systemctl restart aitpro-worker aitpro-clock"
)
READYZ = "http://127.0.0.1:9180/readyz"


class Command(BaseCommand):
    help = (
        "Brings the databases and static files to this version while the former one serves, and restarts the site. "
        "Run it from the new version's folder. It can be run again at any time, also when it was cut off."
    )
    requires_system_checks = ()  # the first step makes them, with those for production

    def add_arguments(self, parser: CommandParser) -> None:
        backup = parser.add_mutually_exclusive_group()
        backup.add_argument("--backup-to", type=Path, metavar="DIR", help="make a backup there before anything changes")
        backup.add_argument("--without-backup", action="store_true", help="there is one that is good enough")
        parser.add_argument(
            "--maintenance",
            action="store_true",
            help="the site is closed, its processes have ended: also run migrations that are unsafe under traffic",
        )
        parser.add_argument("--static-to", type=Path, metavar="DIR", help="the folder of publish_static, if in use")
        parser.add_argument("--reload-with", metavar="COMMAND", help=f"such as {RESTART!r}; run by the shell")
        parser.add_argument("--readyz", default=READYZ, metavar="URL", help="asked after the restart (%(default)s)")
        parser.add_argument("--look", action="store_true", help="only check, and list the migrations")

    @acts_for(upkeep=True)
    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["backup_to"] or options["without_backup"] or options["look"]):
            raise CommandError("Say --backup-to DIR, or --without-backup if there is a good one.")
        missing = self._check()
        self._list(missing, is_closed=options["maintenance"])
        if options["look"]:
            return
        self._back_up(missing, options["backup_to"])
        self._migrate(missing)
        self._publish(options["static_to"])
        self._restart(options["reload_with"], options["readyz"])

    def _check(self) -> list[Pending]:
        self._step("Checks")
        call_command("check", deploy=True, stdout=self.stdout, stderr=self.stderr)
        try:
            missing = [pending(alias) for alias in own_aliases()]
            is_restored = not missing[0].is_empty and is_restore_pending()
        except Error as error:
            raise CommandError(f"A database can't be used ({type(error).__name__}). Nothing was changed.") from None
        if is_restored:
            raise CommandError("The database was restored, and not checked since. Run `manage.py restore_check` first.")
        for name, folder in folders().items():
            if shutil.disk_usage(folder).free < settings.DISK_FREE_MB * 1_000_000:
                raise CommandError(f"The disk of the {name} is nearly full (DISK_FREE_MB). Nothing was changed.")
        return missing

    def _list(self, missing: list[Pending], *, is_closed: bool) -> None:
        self._step("Migrations")
        unsafe: list[str] = []
        for each in missing:
            if each.beyond and not each.plan:
                self.stdout.write(f"{each.alias}: from a newer version, which this one can use as it is.")
            elif not each.plan:
                self.stdout.write(f"{each.alias}: all are applied.")
            elif each.is_empty:
                self.stdout.write(f"{each.alias}: empty, all {len(each.plan)} are missing.")
            else:
                self.stdout.write(f"{each.alias}: {', '.join(each.names)}")
                unsafe += [str(danger) for danger in dangers(each.plan, each.state)]
        for danger in (unsafe := list(dict.fromkeys(unsafe))):
            self.stdout.write(f"Unsafe while the site serves: {danger}")
        if unsafe and not is_closed:
            raise CommandError(
                "Nothing was changed. Close the site and stop its processes (docs/upgrades.md), then say --maintenance."
            )

    def _back_up(self, missing: list[Pending], folder: Path | None) -> None:
        self._step("Backup")
        if missing[0].is_empty:
            self.stdout.write("The database is empty: there is nothing to back up.")
        elif folder is None:
            self.stdout.write("None is made, as you said.")
        else:
            call_command("backup", to=folder, stdout=self.stdout)

    def _migrate(self, missing: list[Pending]) -> None:
        self._step("Migrate")
        for each in missing:
            if each.beyond and not each.plan:
                self.stdout.write(f"{each.alias}: left as it is.")
                continue
            migrate(each, self.stdout.write)
            self.stdout.write(f"{each.alias}: up to date.")
        if not any(each.beyond for each in missing):
            call_command("check", databases=own_aliases(), stdout=self.stdout, stderr=self.stderr)

    def _publish(self, folder: Path | None) -> None:
        self._step("Static files")
        if folder is None:
            call_command("collectstatic", interactive=False, verbosity=0)
            self.stdout.write("Collected.")
        else:
            call_command("publish_static", folder, stdout=self.stdout)

    def _restart(self, command: str | None, readyz: str) -> None:
        self._step("Restart")
        if command is None:
            self.stdout.write("The former version still serves. Let the services use this folder, then as root:")
            self.stdout.write(f"  {RESTART}")
            self.stdout.write(f"  curl --header 'Authorization: Bearer METRICS_TOKEN' {readyz}")
            return
        connections.close_all()
        if code := subprocess.run(["/bin/sh", "-c", command], check=False).returncode:  # noqa: S603  (the operator's)
            raise CommandError(
                f"The databases are up to date, but the restart failed with {code}. The former version works on them,"
                " too. Restart manually, or run this command again."
            )
        if (said := wait_until_ready(readyz)) != READY:
            raise CommandError(f"Restarted, but {readyz} says: {said}. See docs/monitoring.md, or go back.")
        self.stdout.write("Restarted, and ready.")

    def _step(self, name: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(name))
