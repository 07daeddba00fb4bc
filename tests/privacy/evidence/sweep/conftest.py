from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from privacy.evidence.rehearsal.report import RehearsalReport
from privacy.evidence.sweep.run import sweep

PROMISES = {"encrypted", "paypal-only", "direct-visits-domain-only", "email-for-asked-contact-only"}


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """An empty folder for the files that a test plants; the databases are elsewhere."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    yield settings.DATA_DIR


def places(report: RehearsalReport) -> list[str]:
    return sorted(breach.place for breach in report.breaches)


def broken_by(report: RehearsalReport) -> set[str]:
    """The promises that are red, all of which were tried."""
    assert [breach for breach in report.breaches if not breach.tried] == []
    return report.broken


def swept() -> RehearsalReport:
    return sweep(seconds=20)
