from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.erasure import erase_person


class Command(BaseCommand):
    help = "Erases a person by the registry's rules and prints what was deleted, stripped and kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        report = erase_person(email=email)
        for line in report:
            self.stdout.write(str(line))
        if not report:
            self.stdout.write("Nothing is kept about this address.")
