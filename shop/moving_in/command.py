"""What the commands that move something in have in common: a rehearsal first, a line for each line that is not taken
over, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, models
from django.template.defaultfilters import pluralize

from privacy.registry.policy_gate import is_open

from .batches import Importer, Outcome, move_in
from .cells import Columns
from .export_file import ExportFile, Problem, UnreadableFile

EVERY = 20_000  # lines


class ImportCommand(BaseCommand):
    """`gated` are the columns without which nothing is taken over, because the policy in effect has to cover them."""

    what = ""
    gated: Sequence[tuple[type[models.Model], str]] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="The export, as CSV with a line of headings.")
        parser.add_argument("--apply", action="store_true", help="Take it over. By default nothing is stored.")
        parser.add_argument("--currency", default="", help="Of amounts without one; by default the site's.")
        parser.add_argument("--decimal-comma", action="store_true", help="The amounts are written 1.234,50.")

    def opened(self, path: Path) -> ExportFile:
        try:
            return ExportFile(path)
        except UnreadableFile as error:
            raise CommandError(str(error)) from None

    def require(self, columns: Columns, file: ExportFile) -> None:
        if missing := columns.missing(file.headings):
            raise CommandError(
                f"This is not an export of {self.what}s: a heading is missing: {', '.join(missing)}. "
                "docs/moving-in.md lists them."
            )

    def move(self, file: ExportFile, importer: Importer[Any], *, apply: bool) -> None:
        """Raises `CommandError` if any line is not taken over that should be, and before anything if the policy in
        effect doesn't allow it."""
        closed = [f"{model._meta.db_table}.{column}" for model, column in self.gated if not is_open(model, column)]
        if closed and apply:
            raise CommandError(
                f"The privacy policy in effect does not cover {', '.join(closed)} yet. Announce the next version, and "
                "put it in effect; then run this again."
            )
        if file.encoding != "utf-8":
            self.stdout.write("The file is not in UTF-8; it is read as Latin-1 (Windows-1252).")
        self._last = 0
        try:
            outcome = move_in(
                file, importer, apply=apply, tell=self._tell, progress=lambda so_far: self._say(so_far, file)
            )
        except IntegrityError:
            raise CommandError("Another import stores the same lines. Let it finish, then run this again.") from None
        self._sum_up(outcome, apply=apply)
        if closed:
            self.stdout.write(f"Before --apply, the privacy policy in effect has to cover: {', '.join(closed)}.")
        if not apply:
            self.stdout.write("Nothing was stored. Run it again with --apply to take this over.")
        if outcome.problems:
            lines = f"{outcome.problems:,} line{pluralize(outcome.problems)}"
            raise CommandError(f"{lines} could not be read. Correct them, and run this again.")

    def _tell(self, problem: Problem) -> None:
        self.stdout.write(f"line {problem.line}: {problem.text}")

    def _say(self, so_far: Outcome, file: ExportFile) -> None:
        if so_far.lines // EVERY > self._last:
            self._last = so_far.lines // EVERY
            self.stdout.write(f"… {so_far.lines:,} lines, {100 * file.read_bytes // max(file.size, 1)}%")
            self.stdout.flush()

    def _sum_up(self, outcome: Outcome, *, apply: bool) -> None:
        rows = f"{outcome.taken:,} {self.what}{pluralize(outcome.taken)}"
        self.stdout.write(f"{rows} {'moved in' if apply else 'would move in'}.")
        if outcome.here:
            self.stdout.write(f"Here already: {outcome.here:,}.")
        for reason, number in sorted(outcome.left_out.items()):
            self.stdout.write(f"Left out: {number:,} ({reason}).")
        for what, number in sorted(outcome.forbidden.items()):
            self.say_dropped(f"{number:,} {what}{pluralize(number, ',es' if what.endswith('s') else 's')}")

    def say_dropped(self, what: str) -> None:
        self.stdout.write(f"Dropped: {what}. Our privacy policy doesn't allow us to take them over.")
