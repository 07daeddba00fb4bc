"""docs/performance.md is what docs/performance.json gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.performance_doc import DOCUMENT, FIGURES, render
from benchmarks.timing import Ratio


@pytest.fixture
def figures() -> dict[str, Any]:
    line = {
        "what": "a page",
        "value": 0.5,
        "target": 0.8,
        "at_least": True,
        "detail": "5 against 10",
        "rounds": [0.4, 0.6],
    }
    found = {"at": "2026-01-02T03:04:05+00:00", "problem": "", "lines": [line]}
    broken = {"at": "2026-01-02T03:04:05+00:00", "problem": "wrk is not installed", "lines": []}
    return {
        "machine": {"cores": "2"},
        "databases": {
            "sqlite": {"server": {"version": "3.40", "synchronous": "2"}, "benchmarks": {"clicking": found}},
            "postgresql": {"server": {"version": "15.1", "fsync": "on"}, "benchmarks": {"clicking": broken}},
        },
    }


def test_document_is_what_the_figures_give() -> None:
    assert DOCUMENT.read_text() == render(json.loads(FIGURES.read_text()))


def test_document_names_each_figure_with_its_range_and_target(figures: dict[str, Any]) -> None:
    assert "| a page | ≥ 0.8× | **0.50×, missed**; 5 against 10; rounds 0.40 to 0.60 |  |" in render(figures)


def test_document_lists_what_was_missed_and_what_was_not_measured(figures: dict[str, Any]) -> None:
    text = render(figures)
    assert "- a page, SQLite: 0.50× (≥ 0.8×)." in text
    assert "- Clicking, PostgreSQL: not measured, wrk is not installed" in text


def test_document_names_machine_and_durability(figures: dict[str, Any]) -> None:
    text = render(figures)
    assert "| cores | 2 |" in text
    assert "| PostgreSQL | 15.1 (fsync on) |" in text


def test_obstacle_is_shown_only_where_the_target_is_missed(figures: dict[str, Any]) -> None:
    line = figures["databases"]["sqlite"]["benchmarks"]["clicking"]["lines"][0]
    line["obstacle"] = "The disk."
    assert "The disk." in render(figures)
    line["value"] = 0.9
    assert "The disk." not in render(figures)


def test_line_without_target_is_never_missed() -> None:
    assert Ratio("worth knowing", 0.01, None, at_least=True).is_met
