"""The documents: paths that exist, and decision records of one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RECORDS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), *RECORDS, ROOT / "README.md"]
FOLDERS = "accounts|affiliates|aitpro|api|clients|contacts|privacy|shop|tests|static|templates"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]+)`")
LINK = re.compile(r"\]\(([\w./-]+\.md)\)")
FORM = re.compile(
    r"# (\d+)\. [^\n]+\n\n\*\*Status:\*\* [^\n]+\n\n## Context\n.+\n## Decision\n.+?"
    r"(\n## Consequences\n.+?)?(\n## Alternatives\n.+)?",
    re.DOTALL,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_and_link_in_a_document_exists(document: Path) -> None:
    text = document.read_text()
    missing = [
        path for path in PATH.findall(text) if not any((top / path).exists() for top in (ROOT, ROOT / "templates"))
    ]
    missing += [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_decision_record_has_the_common_form(record: Path) -> None:
    text = record.read_text()
    found = FORM.fullmatch(text)
    assert found
    assert record.name.startswith(f"{int(found[1]):04d}-")
    assert not [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")]


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_index_of_decision_records_is_complete() -> None:
    index = (RECORDS[0].parent / "README.md").read_text()
    for record in RECORDS:
        title = record.read_text().partition("\n")[0].removeprefix("# ").partition(". ")
        assert f"| [{title[0]}]({record.name}) | {title[2]} |" in index
