"""The security documents are complete, and every test and file they name exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SECURITY = (ROOT / "docs/security.md").read_text()
DOCUMENTS = ["docs/security.md", "docs/threat-model.md", "SECURITY.md"]

# OWASP ASVS 5.0.0: the number of requirements of levels 1 and 2 in each section, numbered from 1 without gaps. Sections
# and numbers that are missing here are of level 3.
REQUIREMENTS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
TEST = re.compile(r"tests/[\w/]+\.py::test_\w+")
# A name is a file of this project when it begins like one or is written like one; `nosniff` and `/admin/` are not.
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|(?:Makefile|SECURITY\.md|pyproject\.toml|constraints\.txt|\.env\.example)")
NEITHER = re.compile(r"image/\w+|text/\w+")


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall(SECURITY)


def standing(evidence: str) -> str:
    if "**not met**" in evidence.lower():
        return "not met"
    return "does not apply" if evidence.startswith("does not apply") else "met"


@lru_cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def named(document: str) -> list[str]:
    return CODE.findall((ROOT / document).read_text())


def test_every_requirement_is_listed_once_in_order() -> None:
    expected = [f"{section}.{number + 1}" for section, count in REQUIREMENTS.items() for number in range(count)]
    assert len(expected) == 253
    assert [number for number, _, _ in rows()] == expected


def test_counts_in_the_introduction_are_right() -> None:
    count = Counter(standing(evidence) for _, _, evidence in rows())
    told = (
        f"**253 requirements: {count['met']} met, {count['not met']} not met, {count['does not apply']} do not apply.**"
    )
    assert told in SECURITY


def test_every_row_has_evidence_or_a_reason() -> None:
    for number, asks, evidence in rows():
        assert len(asks) > 5, number
        if standing(evidence) == "does not apply":
            assert len(evidence.removeprefix("does not apply").strip(": ")) > 5, number
        elif standing(evidence) == "not met":
            assert len(evidence.lower().replace("**not met**", "").strip(": ")) > 15, number
        else:
            section = re.match(r"\"([^\"]+)\" above", evidence)
            assert CODE.search(evidence) or (section and f"### {section[1]}\n" in SECURITY), number


def test_every_section_that_is_referred_to_exists() -> None:
    sections = re.findall(r"\"([^\"]+)\" above", SECURITY)
    assert len(sections) > 5
    assert [each for each in sections if f"### {each}\n" not in SECURITY] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document: str) -> None:
    tests = [name for name in named(document) if "::" in name]
    assert [name for name in tests if not TEST.fullmatch(name)] == []
    paths = [name.split("::") for name in tests]
    assert [path for path, _ in paths if not (ROOT / path).is_file()] == []
    assert ["::".join(each) for each in paths if each[1] not in functions_in(each[0])] == []
    assert tests or document == "SECURITY.md"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    files = [name for name in named(document) if FILE.fullmatch(name) and not NEITHER.fullmatch(name)]
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / document).parent.joinpath(link).exists()] == []
