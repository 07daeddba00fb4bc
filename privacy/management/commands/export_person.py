import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from privacy.audit.trail import record
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose
from privacy.requests.archive import build_archive, collect


class Command(BaseCommand):
    help = "Writes everything stored about a person to a ZIP file for that person, readable only by its owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.zip")

    @acts_for(Purpose.PRIVACY_REQUEST, audience=Audience.PERSON)
    def handle(self, *args: Any, email: str, out: Path, **options: Any) -> None:
        sections = collect(email=email)
        self._write(out, build_archive(email=email, now=timezone.now()))
        record(action="privacy.person.exported", about=None, actor=None)
        if not sections:
            self.stdout.write("Nothing is stored about this address; the archive says so.")
        for section in sections:
            self.stdout.write(f"{section['what']}: {len(section['rows'])}")

    @staticmethod
    def _write(out: Path, archive: bytes) -> None:
        """Never overwrites a file, which may be another person's."""
        try:
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(archive)
        except OSError as error:
            raise CommandError(f"{out} can't be written: {error.strerror}") from error
