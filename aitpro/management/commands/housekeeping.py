import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from aitpro.file_permissions import restrict_permissions
from aitpro.health.ping import dead_man_ping
from aitpro.housekeeping import housekeep
from privacy.erasure.readiness import NotReady, require_ready
from privacy.keystore.clock import clock_jump, confirm_clock

GO_ON = "Set the clock, or say that it is right: `manage.py housekeeping --clock-is-right`."


class Command(BaseCommand):
    help = "Does the repeating work once, or with --every SECONDS until it is stopped. Safe to run twice at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, metavar="SECONDS")
        parser.add_argument(
            "--clock-is-right",
            action="store_true",
            help="after the clock jumped, or the machine was off for more than a day: go on, by this clock",
        )

    def handle(self, *args: Any, every: int | None, clock_is_right: bool, **options: Any) -> None:
        restrict_permissions()
        if clock_is_right:
            self._require_ready()
            confirm_clock(now=timezone.now())
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
        if jump := clock_jump(now=timezone.now()):
            raise CommandError(f"Whatever is done by the clock waits: {jump}. {GO_ON}")
        if None in done.values():
            raise CommandError("Some of the work failed.")

    def _round(self) -> dict[str, int | None]:
        """Refused on databases that must not serve, also when one was restored under a running process."""
        self._require_ready()
        done = housekeep(now=timezone.now())
        dead_man_ping.ping(failed=None in done.values() or clock_jump(now=timezone.now()) is not None)
        return done

    @staticmethod
    def _require_ready() -> None:
        try:
            require_ready()
        except NotReady as reason:
            raise CommandError(str(reason)) from None
