import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from aitpro.file_permissions import restrict_permissions
from aitpro.health.ping import dead_man_ping
from aitpro.housekeeping import Lane, housekeep
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

        parser.add_argument(
            "--lane",
            action="append",
            choices=[lane.value for lane in Lane],
            help="only these steps: those that ask no other server, or one. By default all, in this order",
        )

    def handle(
        self, *args: Any, every: int | None, clock_is_right: bool, lane: list[str] | None, **options: Any
    ) -> None:
        restrict_permissions()
        lanes = [each for each in Lane if lane is None or each in lane]
        if every is None:
            self._once(lanes, clock_is_right=clock_is_right)
        else:
            self._repeat(lanes, every, clock_is_right=clock_is_right)

    def _repeat(self, lanes: Sequence[Lane], every: int, *, clock_is_right: bool) -> None:
        """Each lane at its own pace: whoever waits for PayPal keeps no other lane waiting."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if clock_is_right:
                through_outages(self._confirm_clock)
            for lane in lanes[1:]:
                threading.Thread(target=self._rounds, args=(lane, every), name=lane, daemon=True).start()
            self._rounds(lanes[0], every)
        except KeyboardInterrupt:
            return

    def _rounds(self, lane: Lane, every: int) -> None:
        while True:
            through_outages(lambda: self._round([lane]))
            close_old_connections()
            time.sleep(every)

    def _once(self, lanes: Sequence[Lane], *, clock_is_right: bool) -> None:
        try:
            if clock_is_right:
                self._confirm_clock()
            done = self._round(lanes)
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

    def _round(self, lanes: Sequence[Lane]) -> dict[str, int | None]:
        """Refused on databases that must not serve, also when one was restored under a running process."""
        self._require_ready()
        done = housekeep(now=timezone.now(), lanes=lanes)
        has_failed = None in done.values() or clock_jump(now=timezone.now()) is not None
        dead_man_ping.after_round(lanes, failed=has_failed, ping=Lane.HERE in lanes)
        return done

    @staticmethod
    def _require_ready() -> None:
        try:
            require_ready()
        except NotReady as reason:
            raise CommandError(str(reason)) from None
