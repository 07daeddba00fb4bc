import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.template.loader import render_to_string

from privacy.registry.purpose_binding import acts_for

PAGES = ("400", "403", "404", "405", "413", "414", "429", "431", "503", "maintenance")


class Command(BaseCommand):
    help = (
        "Collects the static files and copies them, with the error pages, to a folder from which the proxy serves them "
        "itself. Everybody may read them there. Files of earlier versions stay: open pages still use them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="such as /srv/www/aitpro")

    @acts_for()
    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)
        files = {
            file.relative_to(settings.STATIC_ROOT): file.read_bytes()
            for file in sorted(Path(settings.STATIC_ROOT).rglob("*"))
            if file.is_file()
        }
        for name, content in files.items():
            _publish(folder / "static" / name, content, below=folder)
        for page in PAGES:
            _publish(folder / "_errors" / f"{page}.html", render_to_string(f"{page}.html").encode(), below=folder)
        self.stdout.write(f"{len(files)} static files and {len(PAGES)} error pages are in {folder}.")


def _publish(file: Path, content: bytes, *, below: Path) -> None:
    """Replaces the file at once: nobody gets half of one."""
    if file.exists() and file.read_bytes() == content:
        return
    for parent in reversed([file.parent, *file.parent.parents]):
        if parent.is_relative_to(below) and not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(0o644)
    shutil.move(new, file)
