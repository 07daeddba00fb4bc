from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.rehearsal.scratch import RehearsalFailed, scratch_copy


class Command(BaseCommand):
    help = "Attacks every promise, in a scratch copy of which nothing stays; exit 1 and a line for each that broke."

    def handle(self, *args: Any, **options: Any) -> None:
        with scratch_copy() as copy:
            try:
                report = copy.rehearse()
            except RehearsalFailed as reason:
                raise CommandError(f"The rehearsal failed: {reason}") from None
        for breach in sorted(report.breaches):
            self.stdout.write(f"{breach.promise}: {'' if breach.tried else 'not tried: '}{breach.place}")
        if report.breaches:
            raise CommandError(f"{len(report.broken)} promises are broken.")
        self.stdout.write(
            f"No promise broke: {sum(report.attempts.values())} attempts, {sum(report.searches.values())} searches."
        )
