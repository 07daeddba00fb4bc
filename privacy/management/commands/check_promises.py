from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy.evidence import findings


class Command(BaseCommand):
    help = "Measures the evidence for every promise anew; exit 1 and a line for each one that is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings(now=timezone.now())
        broken = [finding for finding in found if finding.is_broken]
        for finding in broken:
            figures = ", ".join(f"{what}: {value}" for what, value in finding.evidence.figures.items())
            self.stdout.write(f"{finding.promise.id}: {figures}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(found)} promises are broken.")
        self.stdout.write(f"Every promise is kept: {len(found)} of {len(found)}.")
