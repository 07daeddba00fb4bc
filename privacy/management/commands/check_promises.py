from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy.evidence import findings


class Command(BaseCommand):
    help = "Measures the evidence for every promise; exit 1 and a line for each one that is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = [finding for finding in findings(now=timezone.now()) if finding.is_broken]
        for finding in broken:
            figures = finding.evidence.figures if finding.evidence else {}
            self.stdout.write(
                f"{finding.promise.id}: {', '.join(f'{what}: {found}' for what, found in figures.items())}"
            )
        if broken:
            raise CommandError(f"{len(broken)} promises are broken.")
        self.stdout.write("Every promise that can be measured is kept.")
