"""Whoever owns the database can drop its triggers. `verify_audit` then names the first entry that is not as written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, connection
from django.db.models import F

from privacy.audit import verification
from privacy.audit.heads import signed_head
from privacy.audit.models import GENESIS, AuditEntry, Head
from privacy.audit.trail import record
from privacy.audit.verification import verify_chain

from .conftest import SmtpReply
from .guards import guards_lifted

pytestmark = pytest.mark.usefixtures("ten_entries")


@pytest.fixture(autouse=True, params=[3, 1000], ids=["small batches", "one batch"])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "BATCH", request.param)


def rows(first: int, last: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(number__range=(first, last)).order_by("number"))


def entry(number: int) -> Any:
    return AuditEntry.objects.filter(number=number)


def rows_gone(first: int, last: int) -> None:
    AuditEntry.objects.filter(number__range=(first, last)).delete()


def swap(one: int, other: int) -> None:
    entry(one).update(number=1000)
    entry(other).update(number=one)
    entry(1000).update(number=other)


def rewrite(number: int, **changed: Any) -> None:
    """As a careful forger would: this entry with a hash that fits, the others left alone."""
    row = entry(number).get()
    for name, value in changed.items():
        setattr(row, name, value)
    entry(number).update(**changed, hash=row.computed_hash())


def write_anew(first: int, **changed: Any) -> None:
    """As a forger with patience would: every entry from this one on gets the hash that fits."""
    before = AuditEntry.objects.filter(number=first - 1).first()
    head = before.head if before else Head(0, GENESIS)
    for row in rows(first, 2**62):
        rewrite(row.number, **{**(changed if row.number == first else {}), "previous_hash": head.hash})
        head = entry(row.number).get().head


def test_a_true_chain_is_counted_and_its_head_named(verdict: SmtpReply) -> None:
    assert verdict() == f"10 entries, all unchanged. Head: 10 {AuditEntry.objects.head().hash}"


TAMPERING: list[tuple[str, Callable[[], object], str]] = [
    ("the action", lambda: entry(4).update(action="tests.thing.other"), "entry 4: edited"),
    ("the actor", lambda: entry(4).update(actor=None), "entry 4: edited"),
    ("the row", lambda: entry(4).update(object_id="1"), "entry 4: edited"),
    ("the moment", lambda: entry(4).update(at="2020-01-01T00:00:00Z"), "entry 4: edited"),
    ("the hash", lambda: entry(10).update(hash="f" * 64), "entry 10: edited"),
    ("one gone", lambda: entry(6).delete(), "entry 6: deleted (entry 6 missing)"),
    ("three gone", lambda: rows_gone(6, 8), "entry 6: deleted (entries 6 to 8 missing)"),
    ("the first gone", lambda: entry(1).delete(), "entry 1: deleted (entry 1 missing)"),
    ("neighbours swapped", lambda: swap(4, 5), "entry 4: reordered, it was written as entry 5"),
    ("others swapped", lambda: swap(3, 9), "entry 3: reordered, it was written as entry 9"),
    (
        "one gone, the rest moved up",
        lambda: (entry(6).delete(), [entry(n).update(number=F("number") - 1) for n in range(7, 11)]),
        "entry 6: reordered, it was written as entry 7",
    ),
    (
        "edited, with a hash that fits",
        lambda: rewrite(6, action="tests.thing.other"),
        "entry 7: out of chain, it does not follow entry 6",
    ),
]


@pytest.mark.parametrize(("tamper", "expected"), [case[1:] for case in TAMPERING], ids=[case[0] for case in TAMPERING])
def test_tampering_is_named(tamper: Callable[[], object], expected: str, verdict: SmtpReply) -> None:
    with guards_lifted():
        tamper()
    assert verdict().startswith(expected)


def test_a_value_that_nobody_can_read(verdict: SmtpReply) -> None:
    """SQLite takes any text in any column; PostgreSQL does not."""
    forge = f"UPDATE {AuditEntry._meta.db_table} SET actor = 'nobody', at = 'once' WHERE number = 7"
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), guards_lifted(), connection.cursor() as cursor:
            cursor.execute(forge)
        return
    with guards_lifted(), connection.cursor() as cursor:
        cursor.execute(forge)
    assert verdict() == "entry 7: edited, it is no longer readable"


def test_a_tail_cut_off_shows_against_a_published_head_only(verdict: SmtpReply) -> None:
    published = signed_head()
    with guards_lifted():
        AuditEntry.objects.filter(number__gt=7).delete()
    assert verdict().startswith("7 entries")
    assert verdict(head=published) == (
        "entry 8: tail truncated or database rolled back; the published head is entry 10, the chain ends with entry 7"
    )


def test_everything_cut_off(verdict: SmtpReply) -> None:
    published = signed_head()
    with guards_lifted():
        AuditEntry.objects.all().delete()
    assert verdict(head=published).startswith("entry 1: tail truncated or database rolled back")


def test_a_database_rolled_back_and_written_on(verdict: SmtpReply) -> None:
    older = rows(1, 7)
    published = signed_head()
    with guards_lifted():
        AuditEntry.objects.all().delete()
        AuditEntry.objects.bulk_create(older)
    for _ in range(5):
        record(action="tests.thing.other", about=None, actor=None)
    assert verdict().startswith("12 entries")
    assert verdict(head=published).startswith("entry 10: not the published one; the database was rolled back")


def test_a_chain_written_anew_shows_against_a_published_head(verdict: SmtpReply) -> None:
    published = signed_head()
    with guards_lifted():
        write_anew(3, action="tests.thing.other")
    assert verdict().startswith("10 entries")
    assert verdict(head=published).startswith("entry 10: not the published one")


def test_a_chain_that_grew_since_still_fits_the_head(verdict: SmtpReply) -> None:
    published = signed_head()
    record(action="tests.thing.done", about=None, actor=None)
    assert verdict(head=published).startswith("11 entries")


def test_the_printed_head_can_be_given_back(verdict: SmtpReply) -> None:
    printed = json.loads(verdict("--print-head"))
    assert (printed["number"], printed["hash"]) == AuditEntry.objects.head()
    record(action="tests.thing.done", about=None, actor=None)
    assert verdict(head=printed).startswith("11 entries")


def test_no_head_is_printed_of_a_broken_chain(verdict: SmtpReply) -> None:
    with guards_lifted():
        entry(4).update(action="tests.thing.other")
    assert verdict("--print-head").startswith("entry 4: edited")


def test_missing_guards_are_named(verdict: SmtpReply) -> None:
    names = [f"{AuditEntry._meta.db_table}_{name}" for name in AuditEntry.database_triggers]
    with guards_lifted():
        said = verdict()
    assert "triggers are missing" in said
    assert all(re.search(rf"\b{name}\b", said) for name in names)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"number": true}'])
def test_a_file_that_holds_no_head(content: str, verdict: SmtpReply, tmp_path: Any) -> None:
    (tmp_path / "other.json").write_text(content)
    assert "head" in verdict("--head", str(tmp_path / "other.json"))


def test_a_file_that_is_not_there(verdict: SmtpReply, tmp_path: Any) -> None:
    assert "can't be read" in verdict("--head", str(tmp_path / "none.json"))


def test_verify_audit_reads_one_batch_at_a_time(django_assert_num_queries: Any) -> None:
    full_or_part = -(-10 // verification.BATCH)
    with django_assert_num_queries(full_or_part + 1):  # and the empty one that ends it
        verify_chain()
