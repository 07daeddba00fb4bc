"""One sweep: it writes nothing, ends in time, says what it left, and a part that fails is red."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connections

from affiliates.models import Affiliate, Click
from privacy.encryption.fields import SealedField
from privacy.evidence.rehearsal.report import RehearsalReport
from privacy.evidence.sweep import rows, run
from privacy.evidence.sweep.run import Sweep, SweepPart, sweep
from privacy.models import Heartbeat
from shop.models import Product
from tests import factories

from .conftest import places, swept


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SweepPart]]:
    """Only the parts that a test adds."""
    found: list[SweepPart] = []
    monkeypatch.setattr(run, "all_parts", lambda: found)
    yield found


@pytest.mark.django_db(transaction=True)
def test_no_database_can_be_written_to(parts: list[SweepPart]) -> None:
    refused = []

    def write(sweep: Sweep) -> None:
        for alias, statement in (
            ("default", "DELETE FROM privacy_heartbeat"),
            ("keystore", "DELETE FROM keystore_daykey"),
        ):
            try:
                with connections[alias].cursor() as cursor:
                    cursor.execute(statement)
            except DatabaseError:
                refused.append(alias)

    parts.append(SweepPart("test.write", ("encrypted",), 1, write))
    sweep(seconds=5)
    assert refused == ["default", "keystore"]


@pytest.mark.django_db(transaction=True)
def test_afterwards_they_can() -> None:
    sweep(seconds=0)
    Heartbeat.objects.create(name="after", at="2026-03-02T12:00Z")
    assert Heartbeat.objects.filter(name="after").exists()


@pytest.mark.django_db
def test_a_part_that_fails_is_red_for_its_promises_and_the_others_go_on(parts: list[SweepPart]) -> None:
    def fail(sweep: Sweep) -> None:
        raise ValueError("carol@example.org")

    parts += [
        SweepPart("test.fail", ("encrypted", "access"), 1, fail),
        SweepPart("test.find", ("opt-out",), 1, lambda sweep: sweep.breach("opt-out", "here")),
    ]
    report = sweep(seconds=5)
    assert report.broken == {"encrypted", "access", "opt-out"}
    assert places(report) == ["here", *["test.fail failed: ValueError in fail"] * 2]
    assert {breach.promise for breach in report.breaches if not breach.tried} == {"encrypted", "access"}


@pytest.mark.django_db
def test_without_time_each_table_is_looked_at_a_little_and_the_rest_is_named(
    monkeypatch: pytest.MonkeyPatch, product: Product
) -> None:
    monkeypatch.setattr(rows, "ROWS", 2)
    for number in range(6):
        Heartbeat.objects.create(name=f"{number}@example.org", at="2026-03-02T12:00Z")
    report = sweep(seconds=0)
    assert "privacy_heartbeat.name contains what looks like an email address" in places(report)
    assert "the rest of the table privacy_heartbeat" in report.unreached


@pytest.mark.django_db
def test_sweep_does_not_open_purpose_bound_values(alice: Affiliate, product: Product) -> None:
    factories.click(alice)
    report = swept()
    assert places(report) == []
    assert "affiliates_click.address, which is purpose-bound" in report.unreached
    assert Click.objects.count() == 1


@pytest.mark.django_db
def test_unsealed_value_in_a_sealed_column_is_found(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """A constraint of the database refuses it; here is what finds it where somebody has dropped that."""
    factories.order(product)
    monkeypatch.setattr(SealedField, "db_check", lambda field, connection: "1 = 0")
    report = swept()
    assert "shop_order.email contains unsealed values" in places(report)
    assert report.broken == {"encrypted"}


@pytest.mark.django_db
def test_a_report_survives_being_written(tmp_path: Path) -> None:
    report = sweep(seconds=0)
    report.write(tmp_path / "report.json")
    assert RehearsalReport.read(tmp_path / "report.json") == report
    assert report.unreached
