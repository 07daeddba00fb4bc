from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.erasure.consequences import DeletionPrevented, refuse_if_prevented, usable_purchases
from privacy.erasure.erase import erase_person
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = "Erases a person according to the registry and prints what was deleted, anonymized and kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--keep-licenses",
            action="store_true",
            help="keep the person's purchases working: license keys and order pages, without name and address",
        )

    @acts_for(upkeep=True)
    def handle(self, *args: Any, email: str, keep_licenses: bool, **options: Any) -> None:
        try:
            refuse_if_prevented(email)
        except DeletionPrevented as prevented:
            raise CommandError(str(prevented)) from None
        if not keep_licenses and usable_purchases(email):
            self.stdout.write("Without --keep-licenses, the person's purchases stop working.")
        report = erase_person(email=email, keep_usable=keep_licenses)
        for line in report:
            self.stdout.write(str(line))
        if not report:
            self.stdout.write("Nothing is stored about this address.")
