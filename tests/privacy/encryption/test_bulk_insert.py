"""Rows that are inserted by thousands are stored, sealed and checked as by `bulk_create`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from privacy.encryption.bulk_insert import insert_rows
from privacy.encryption.fields import PlaintextRefused, SealedField
from privacy.encryption.models import blind_indexes
from shop.models import License, Order, Product
from tests import factories
from tests.privacy.stored import anew, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def order(product: Product, number: int = 1, **fields: Any) -> Order:
    values = {
        "reference": f"OLD-{number}",
        "product": product,
        "product_name": product.name,
        "amount_minor": 5995,
        "currency": "USD",
        "tax_percent": Decimal("19.00"),
        "email": f"buyer{number}@example.org",
        "phone": "+1 805 651 8516",
        "state": Order.State.PAID,
        "placed_at": timezone.now() - timedelta(days=9),
        "delivery_kept": True,
    }
    return Order(**(values | fields))


def by_django(rows: Sequence[models.Model]) -> None:
    type(rows[0])._base_manager.bulk_create(rows)


def readable(rows: Sequence[Order]) -> list[dict[str, Any]]:
    """All that is stored of these rows but what is different in any two: sealed bytes, their indexes, and keys."""
    own = {"id", "reference", "email_index", "link_index"}
    kept = [f for f in Order._meta.concrete_fields if not isinstance(f, SealedField) and f.name not in own]
    return [{field.name: stored(row, str(field.column)) for field in kept} for row in rows]


def test_row_is_stored_as_by_bulk_create(product: Product) -> None:
    rows = [order(product, 1), order(product, 2)]
    insert_rows(rows[:1])
    by_django(rows[1:])
    ours, djangos = readable(rows)
    assert ours == djangos
    assert len(ours) > 15


def test_inserted_row_can_be_opened_found_and_saved_again(product: Product) -> None:
    insert_rows([made := order(product)])
    found = Order.objects.get(email_index="Buyer1@Example.org")
    assert (found, found.email, found.name) == (made, "buyer1@example.org", None)
    made.downloads = 3
    made.save()
    assert anew(made).downloads == 3


def test_nothing_that_is_sealed_is_stored_in_clear_text(product: Product) -> None:
    insert_rows([made := order(product)])
    for field in Order._meta.concrete_fields:
        if isinstance(field, SealedField) and (value := getattr(made, field.attname)):
            assert value.encode() not in stored(made, str(field.column))
    assert all(stored(made, str(index.column)) for index in blind_indexes(made) if getattr(made, index.source))


def test_many_rows_are_one_statement(product: Product) -> None:
    with CaptureQueriesContext(connection) as queries:
        insert_rows(order(product, number) for number in range(100))
    assert len(queries) == 1
    assert Order.objects.count() == 100


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        insert_rows([])
    assert not queries


def test_row_that_is_there_already_stores_none_of_the_others(product: Product) -> None:
    license = License(order=factories.order(product), key="GUARD-1")
    insert_rows([license])
    others = [License(order=factories.order(product, "erin@example.org"), key=f"GUARD-{n}") for n in (2, 1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(others)
    assert list(License.objects.all()) == [license]


def test_value_of_another_type_is_refused(product: Product) -> None:
    for wrong, error in (({"amount_minor": "a lot"}, ValueError), ({"email": Now()}, (TypeError, PlaintextRefused))):
        with pytest.raises(error):
            insert_rows([order(product, **wrong)])
    assert not Order.objects.exists()
