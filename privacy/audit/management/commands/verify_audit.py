from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.audit.heads import HeadRefused, signed_head, verify_head
from privacy.audit.models import Head
from privacy.audit.verification import AuditBroken, require_guards, verify_chain
from privacy.registry.purpose_binding import acts_for


class Command(BaseCommand):
    help = (
        "Verifies the audit log entry by entry. Exit code 0, or 1 and a line that names the first broken entry. "
        "Truncation and rollback can only be detected with an earlier published head: pass it with --head."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", type=Path, metavar="FILE.json", help="an earlier signed head or evidence.json")
        parser.add_argument("--print-head", action="store_true", help="print only the signed head, as JSON")

    @acts_for()
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            published = _published(options["head"]) if options["head"] else None
            head = verify_chain(published=published)
            require_guards()
        except (AuditBroken, HeadRefused) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(_as_json(head) if options["print_head"] else _in_words(head))


def _published(file: Path) -> Head:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise HeadRefused(f"{file} can't be read as JSON: {type(error).__name__}") from None
    if isinstance(content, dict):
        content = content.get("audit_head", content)
    if not isinstance(content, dict):
        raise HeadRefused(f"{file} contains no head")
    return verify_head(content)


def _in_words(head: Head) -> str:
    return f"{head.number} entries, all unchanged. Head: {head.number} {head.hash}"


def _as_json(head: Head) -> str:
    return json.dumps(signed_head(head), indent=2)
