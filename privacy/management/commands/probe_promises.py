import signal
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.evidence.attack_history import AlreadyRunning, untried
from privacy.evidence.rehearsal.attempts import attack, rehearse
from privacy.evidence.rehearsal.report import RehearsalReport
from privacy.evidence.rehearsal.scratch_copy import RehearsalFailed
from privacy.evidence.sweep.run import sweep
from privacy.models.attack import AttackKind, Attempt


class Command(BaseCommand):
    help = (
        "Attacks every promise, in a temporary copy of the site and by searching the live data, and records the"
        " results. Exit code 1, and a line for each promise that broke or couldn't be tested."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=[kind.value for kind in AttackKind], help="run only one kind of attack")
        parser.add_argument("--log", type=Path, metavar="FILE", help="log file for the scratch copy's processes")
        parser.add_argument("--begun", metavar="ID", help="ID of the rehearsal that housekeeping started")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the scratch copy is removed
        kinds: dict[AttackKind, Callable[[], RehearsalReport]] = {
            AttackKind.REHEARSAL: lambda: rehearse(log=options["log"]),
            AttackKind.SWEEP: sweep,
        }
        broken: set[str] = set()
        failed = []
        for kind, carry_out in kinds.items():
            if options["only"] in {None, kind}:
                try:
                    broken |= self._attack(kind, carry_out, begun=options["begun"])
                except AlreadyRunning as reason:
                    failed.append(str(reason))
                except RehearsalFailed as reason:
                    failed.append(f"The {kind} failed: {reason}")
        if broken:
            failed.append(f"{len(broken)} promises are broken.")
        if failed:
            raise CommandError("\n".join(failed))

    def _attack(self, kind: AttackKind, carry_out: Callable[[], RehearsalReport], *, begun: str | None) -> set[str]:
        attempt = Attempt.objects.filter(pk=begun).first() if begun and kind is AttackKind.REHEARSAL else None
        report = attack(kind, carry_out, begun=attempt)
        for breach in sorted(report.breaches):
            self.stdout.write(f"{breach.promise}: {'' if breach.tried else 'not tried: '}{breach.place}")
        missing = untried(kind, report)
        for promise in sorted(missing):
            self.stdout.write(f"{promise}: not tested: no probe tried it")
        self.stdout.write(
            f"{kind.label}: {sum(report.attempts.values())} attempts, {sum(report.searches.values())} searches,"
            f" {len(report.broken | missing)} promises broken."
        )
        return report.broken | missing
