import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from aitpro.file_permissions import restrict_permissions
from aitpro.housekeeping import housekeep
from privacy.databases.outages import is_outage, reason_of, through_outages
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
        if every is None:
            self._once(clock_is_right=clock_is_right)
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if clock_is_right:
                through_outages(self._confirm_clock)
            while True:
                through_outages(self._round)
                close_old_connections()
                time.sleep(every)
        except KeyboardInterrupt:
            return

    def _once(self, *, clock_is_right: bool) -> None:
        try:
            if clock_is_right:
                self._confirm_clock()
            done = self._round()
        except Exception as error:
            if not is_outage(error):
                raise
            raise CommandError(f"The database can't be used ({reason_of(error)}). Nothing more was done.") from None
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed, see the log' if count is None else count}")
        if jump := clock_jump(now=timezone.now()):
            raise CommandError(f"Whatever is done by the clock waits: {jump}. {GO_ON}")
        if None in done.values():
            raise CommandError("Some of the work failed.")

    def _confirm_clock(self) -> None:
        self._require_ready()
        confirm_clock(now=timezone.now())

    def _round(self) -> dict[str, int | None]:
        """Refused on databases that must not serve, also when one was restored under a running process."""
        self._require_ready()
        return housekeep(now=timezone.now())

    @staticmethod
    def _require_ready() -> None:
        try:
            require_ready()
        except NotReady as reason:
            raise CommandError(str(reason)) from None
