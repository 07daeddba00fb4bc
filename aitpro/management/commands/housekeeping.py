import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from aitpro.housekeeping import housekeep
from aitpro.private_files import close_to_others
from privacy.readiness import NotReady, require_ready


class Command(BaseCommand):
    help = "Does the repeating work once, or with --every SECONDS until it is stopped. Safe to run twice at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, metavar="SECONDS")

    def handle(self, *args: Any, every: int | None, **options: Any) -> None:
        close_to_others()
        if every is None:
            self._once()
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while True:
                self._round()
                close_old_connections()
                time.sleep(every)
        except KeyboardInterrupt:
            return

    def _once(self) -> None:
        done = self._round()
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed, see the log' if count is None else count}")
        if None in done.values():
            raise CommandError("Some of the work failed.")

    @staticmethod
    def _round() -> dict[str, int | None]:
        """Refused on databases that must not serve, also when one was restored under a running process."""
        try:
            require_ready()
        except NotReady as reason:
            raise CommandError(str(reason)) from None
        return housekeep(now=timezone.now())
