"""Writing the audit: one entry behind the other, in the caller's transaction, and nothing personal in any."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from privacy.audit.models import GENESIS, START, AuditEntry
from privacy.audit.trail import AuditEvent, Unrecordable, record, record_events, record_many
from privacy.audit.verification import verify_chain
from privacy.encryption.models import uuid7
from privacy.models.evidence import Measurement
from shop.models import Order, Product
from tests import factories


def test_an_entry_says_who_did_what_with_which_row_and_when(bob: User, product: Product, clock: object) -> None:
    order = factories.order(product)
    entry = record(action="shop.order.paid", about=order, actor=bob)
    entry.refresh_from_db()
    assert (entry.number, entry.actor, entry.action) == (1, bob.pk, "shop.order.paid")
    assert (entry.object_model, entry.object_id) == ("shop.order", str(order.pk))
    assert entry.at == timezone.now()


def test_the_chain_grows_without_gaps(ten_entries: None) -> None:
    entries = list(AuditEntry.objects.order_by("number"))
    assert [entry.number for entry in entries] == list(range(1, 11))
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert all(entry.hash == entry.computed_hash() for entry in entries)
    assert verify_chain() == AuditEntry.objects.head() == entries[-1].head


@pytest.mark.django_db
def test_an_empty_chain_has_a_head() -> None:
    assert AuditEntry.objects.head() == verify_chain() == START


def test_many_rows_become_entries_behind_each_other(bob: User, product: Product) -> None:
    record(action="shop.order.paid", about=None, actor=None)
    orders = [factories.order(product) for _ in range(3)]
    assert record_many(action="shop.order.exported", about=orders, actor=bob) == 3
    found = AuditEntry.objects.filter(action="shop.order.exported").order_by("number")
    assert [entry.object_id for entry in found] == [str(order.pk) for order in orders]
    assert verify_chain().number == 4


@pytest.mark.django_db
def test_more_rows_than_one_statement_takes() -> None:
    rows = [User(pk=uuid7()) for _ in range(1203)]
    assert record_many(action="tests.thing.done", about=rows, actor=None) == 1203
    assert verify_chain().number == 1203


def test_the_events_of_a_change_are_entries_in_their_order_at_the_price_of_one(bob: User, product: Product) -> None:
    order = factories.order(product)
    with CaptureQueriesContext(connection) as one:
        record(action="shop.order.placed", about=order, actor=bob)
    with CaptureQueriesContext(connection) as several:
        events = [
            AuditEvent("shop.order.paid", order),
            AuditEvent("shop.license.issued", bob),
            AuditEvent("shop.list.made", Order),
        ]
        assert record_events(events, actor=bob) == 3
    assert len(several) == len(one)
    found = AuditEntry.objects.filter(number__gt=1).order_by("number").values_list("action", "object_id", "actor")
    assert list(found) == [
        ("shop.order.paid", str(order.pk), bob.pk),
        ("shop.license.issued", str(bob.pk), bob.pk),
        ("shop.list.made", "", bob.pk),
    ]
    assert verify_chain().number == 4


@pytest.mark.django_db
def test_one_event_that_is_refused_leaves_none() -> None:
    with pytest.raises(Unrecordable):
        record_events([AuditEvent("tests.thing.done", None), AuditEvent("about carol@example.org", None)], actor=None)
    assert AuditEntry.objects.head() == START


@pytest.mark.django_db
def test_no_rows_make_no_entry() -> None:
    assert record_many(action="tests.thing.done", about=[], actor=None) == 0
    assert record_events([], actor=None) == 0
    assert AuditEntry.objects.head() == START


@pytest.mark.django_db
def test_the_program_and_a_whole_list_leave_their_fields_empty() -> None:
    entry = record(action="tests.list.made", about=Order, actor=None)
    assert (entry.actor, entry.object_model, entry.object_id) == (None, "shop.order", "")


@pytest.mark.parametrize("action", ["paid", "shop.paid", "Shop.order.paid", "shop.order.paid to carol@example.org", ""])
@pytest.mark.django_db
def test_an_action_is_a_dotted_name_and_nothing_else(action: str) -> None:
    with pytest.raises(Unrecordable) as refusal:
        record(action=action, about=None, actor=None)
    assert "carol" not in str(refusal.value)
    assert AuditEntry.objects.head() == START


@pytest.mark.django_db
def test_a_row_named_by_text_is_refused() -> None:
    with pytest.raises(Unrecordable):
        record(action="tests.thing.done", about=Measurement(promise="secret"), actor=None)


@pytest.mark.django_db
def test_a_row_that_has_no_id_yet_is_refused() -> None:
    with pytest.raises(Unrecordable):
        record(action="tests.thing.done", about=Group(), actor=None)


@pytest.mark.django_db
def test_nobody_is_no_actor() -> None:
    with pytest.raises(Unrecordable):
        record(action="tests.thing.done", about=None, actor=AnonymousUser())  # type: ignore[arg-type]


def test_hashes_differ_where_joined_fields_would_not(bob: User) -> None:
    """Length prefixes: moving a letter from one field to the next is another entry."""
    first = AuditEntry.after(START, at=timezone.now(), actor=None, action="a", object_model="bc", object_id="d")
    second = AuditEntry.after(START, at=first.at, actor=None, action="ab", object_model="c", object_id="d")
    assert first.hash != second.hash


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_entry() -> None:
    record(action="tests.thing.done", about=None, actor=None)  # outside any transaction
    with pytest.raises(RuntimeError), transaction.atomic():
        record(action="tests.thing.undone", about=None, actor=None)
        raise RuntimeError
    record(action="tests.thing.done", about=None, actor=None)
    assert AuditEntry.objects.filter(action="tests.thing.undone").count() == 0
    assert verify_chain().number == 2


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_fails_takes_the_change_along() -> None:
    """Even if somebody swallows the error: no change without its entry."""
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        factories.product()
        swallow_a_failed_entry()
        Product.objects.count()
    assert Product.objects.count() == 0


def swallow_a_failed_entry() -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(AssertionError):
        patch.setattr(AuditEntry, "after", fail)
        record(action="tests.thing.done", about=None, actor=None)


def fail(*args: object, **options: object) -> None:
    raise AssertionError


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_keep_the_chain() -> None:
    writers, rounds = 6, 8
    start = Barrier(writers)

    def write(writer: int) -> None:
        start.wait(timeout=30)
        try:
            for turn in range(rounds):
                with transaction.atomic():
                    record(action="tests.thing.done", about=None, actor=None)
                    if turn % 4 == 3:
                        transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert verify_chain().number == AuditEntry.objects.count() == writers * rounds * 3 // 4
