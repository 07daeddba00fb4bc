"""Every hole that was found once, opened again: the rehearsal finds it, and turns exactly its row red."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from privacy.rehearsal.report import Report
from privacy.rehearsal.scratch import Scratch, scratch_copy

from .mutations import MUTATIONS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared() -> Iterator[Scratch]:
    with scratch_copy() as copy:
        yield copy


def rehearse_with(name: str, prepared: Scratch) -> Report:
    with scratch_copy(prepared) as copy:
        try:
            return copy.rehearse((sys.executable, "-m", "tests.evidence.mutated", name))
        finally:
            print(copy.log.read_text()[-20_000:])


def test_nothing_is_found_where_no_hole_is(prepared: Scratch) -> None:
    report = rehearse_with("nothing", prepared)
    assert sorted(report.breaches) == []
    assert report.attempts
    assert report.searches


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_hole_turns_exactly_its_row_red(name: str, prepared: Scratch) -> None:
    report = rehearse_with(name, prepared)
    assert report.broken == MUTATIONS[name].breaks, "\n".join(map(str, sorted(report.breaches)))
