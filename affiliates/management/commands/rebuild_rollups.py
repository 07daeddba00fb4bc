from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from affiliates.statistics.rebuild import rebuild
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose


class Command(BaseCommand):
    help = (
        "Rebuilds the affiliates' daily statistics, as far as the rows they were counted from are kept, and the"
        " finished days of reports."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if anything differs.")

    @acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.REFERRAL_TRACKING)
    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        differences = rebuild(now=timezone.now(), change=not check)
        if check and differences:
            raise CommandError(f"{len(differences)} statistics differ, first: {differences[0]}")
        for line in differences:
            self.stdout.write(f"corrected: {line}")
        if not differences:
            self.stdout.write("All statistics match the rows they were counted from.")
