"""What staff wrote before their words were sealed: the migration seals it row by row, and the guards stand again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from affiliates.models import Affiliate, Application, Commission, Flag, LedgerEntry, PayoutBatch, PayoutItem
from affiliates.sum_triggers import missing_triggers
from affiliates.verification import GUARDED
from privacy.append_only import missing_guards
from privacy.disclosure.models import Disclosure
from shop.models import Product
from tests.affiliates.sales import approved_sale, sale

BEFORE = [("affiliates", "0022_attributions_without_the_visit"), ("disclosure", "0002_an_order_stays_as_it_was")]
WORDS = "Carol Customer told us"


@pytest.fixture
def _forward_again(transactional_db: None) -> Iterator[None]:
    yield
    forward()


def forward() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def write(row: models.Model, **columns: Any) -> None:
    """Into the old columns, past the models of today."""
    key = row.pk if connection.features.has_native_uuid_field else row.pk.hex
    assignments = ", ".join(f"{column} = %s" for column in columns)
    with connection.cursor() as cursor:
        statement = f"UPDATE {row._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608
        cursor.execute(statement, [*columns.values(), key])
        assert cursor.rowcount == 1


def stored(*tables: str) -> bytes:
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            found += [bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode() for r in cursor for v in r]
    return b" ".join(found)


@pytest.mark.usefixtures("_forward_again")
def test_old_words_are_sealed_and_the_guards_stand_again(alice: Affiliate, product: Product) -> None:
    returned, rejected, approved = sale(alice, product), sale(alice, product), approved_sale(alice, product)
    line = LedgerEntry.objects.get(commission=approved)
    decided = Flag.objects.create(attribution=approved.attribution, kind="by_staff")
    ended = Flag.objects.create(attribution=approved.attribution, kind="dispute")
    erin = {"name": "Erin", "email": "erin@example.org", "website": "https://erin.example", "terms_version": "1"}
    application = Application.objects.create(**erin)
    runs = [PayoutBatch.objects.create(method=method, currency="USD") for method in ("csv", "paypal")]
    by_hand, by_paypal = (
        PayoutItem.objects.create(batch=run, affiliate=alice, amount_minor=1, currency="USD") for run in runs
    )
    order = Disclosure.objects.create(
        kind="subpoena", received_on=timezone.now().date(), scope=[], document_digest="d" * 64
    )

    MigrationExecutor(connection).migrate(BEFORE)
    now = timezone.now()
    write(returned, state="reversed", reversed_minor=1799, reason="the order was refunded")
    write(rejected, state="rejected", reason=WORDS)
    write(decided, state="cleared", decided_at=now, reason=WORDS)
    write(ended, state="cleared", decided_at=now, reason="the dispute at PayPal has ended")
    write(line, kind="adjustment", reason=WORDS)
    write(application, state="declined", decided_at=now, decision=WORDS)
    write(by_hand, error=WORDS, reference=WORDS)
    write(by_paypal, error="RECEIVER_UNREGISTERED")
    write(order, state="refused", refusal=WORDS)
    tables = [row._meta.db_table for row in (rejected, decided, line, application, by_hand, order)]
    assert stored(*tables).count(WORDS.encode()) == 7

    forward()
    assert WORDS.encode() not in stored(*tables)
    for row in (returned, rejected, decided, ended, line, application, by_hand, by_paypal, order):
        row.refresh_from_db()
    assert (rejected.reason, decided.why, line.reason, application.decision, order.refusal) == (WORDS,) * 5
    assert (by_hand.failure, by_hand.reference, by_hand.error) == (WORDS, WORDS, "")
    assert (by_paypal.failure, by_paypal.reference, by_paypal.error) == (None, None, "RECEIVER_UNREGISTERED")
    assert PayoutItem.objects.get(reference_index=WORDS) == by_hand
    assert (returned.reason, returned.why_unpaid) == (None, "the order was refunded")
    assert (ended.reason, ended.why) == (None, "the dispute at PayPal has ended")

    for table, acts in GUARDED.items():
        assert missing_guards(connection, table, *acts) == []
    assert not list(missing_triggers(connection))
    assert missing_guards(connection, "disclosure_disclosure", "update", "delete") == []
    for change in ({"amount_minor": 1}, {"state": "paid"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Commission.objects.filter(pk=rejected.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.filter(pk=line.pk).update(amount_minor=1)
