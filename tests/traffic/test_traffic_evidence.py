"""The evidence about direct visitors is measured, and turns red when the tables hold more than counts."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.utils import timezone

from aitpro.traffic.models import DomainDay
from privacy.evidence.measurement import Evidence, findings

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db]
DOMAIN_ONLY, COUNTS_ONLY = "direct-visits-domain-only", "domains-count-traffic-only"


def measured(promise: str) -> Evidence:
    found = next(f for f in findings(now=timezone.now()) if f.promise.id == promise).evidence
    assert found is not None
    return found


def test_both_traffic_promises_are_kept() -> None:
    DomainDay.objects.create(day=date(2026, 3, 2), domain="example.com", views=3)
    assert measured(DOMAIN_ONLY).kept
    own = {
        "columns of the table traffic_domainday": "day, domain, id, views",
        "columns of the table traffic_pageday": "day, id, page, views",
        "addresses of direct visitors stored": 0,
    }
    assert measured(DOMAIN_ONLY).figures.items() >= own.items()
    assert measured(COUNTS_ONLY).kept
    assert measured(COUNTS_ONLY).figures["foreign keys of these tables"] == "none"


@pytest.mark.parametrize("stored", ["alice@example.com", "203.0.113.7", "2001:db8::7", "dsl.203.0.113.7.example.com"])
def test_an_address_in_the_counts_breaks_the_first(stored: str) -> None:
    DomainDay.objects.create(day=date(2026, 3, 2), domain=stored, views=3)
    assert not measured(DOMAIN_ONLY).kept
    assert measured(DOMAIN_ONLY).figures["addresses of direct visitors stored"] == 1
    assert measured(COUNTS_ONLY).kept


def test_a_column_more_breaks_the_first() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE traffic_domainday ADD COLUMN address varchar(50)")
    assert not measured(DOMAIN_ONLY).kept
    assert measured(COUNTS_ONLY).kept


def test_a_link_to_another_table_breaks_the_second() -> None:
    reference = "uuid" if connection.vendor == "postgresql" else "char(32)"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE traffic_pageday ADD COLUMN click_id {reference} REFERENCES affiliates_click (id)")
    assert not measured(COUNTS_ONLY).kept
