"""Whatever would write a readable value, or compare one, seals it or refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.core.serializers.base import DeserializationError
from django.db import DatabaseError, connection, transaction
from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Cast, Concat

from accounts.models import User
from affiliates.models import Affiliate
from privacy.encryption.fields import PlaintextRefused
from privacy.models import Suppression
from tests import factories
from tests.privacy.stored import anew, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin() -> User:
    return factories.user("erin@example.org", name="Erin Ellis")


WRITES: dict[str, Any] = {
    "text": "Mallory",
    "bytes": b"Mallory",
    "Value": Value("Mallory"),
    "Value of the field": Value("Mallory", output_field=User._meta.get_field("name")),
    "F": F("email"),
    "F of a readable column": F("password"),
    "Concat": Concat(Value("Mal"), Value("lory")),
    "Cast": Cast(Value("Mallory"), output_field=CharField()),
    "Case": Case(When(pk__isnull=False, then=Value("Mallory"))),
}


@pytest.mark.parametrize("value", WRITES.values(), ids=WRITES)
def test_update_refuses(erin: User, value: Any) -> None:
    before = stored(erin, "name")
    with pytest.raises(PlaintextRefused), transaction.atomic():
        User.objects.update(name=value)
    assert stored(erin, "name") == before


def test_update_to_nothing_is_allowed(erin: User) -> None:
    User.objects.update(name=None)
    assert anew(erin).name is None


def test_bulk_update_refuses(erin: User) -> None:
    erin.name = "Mallory"
    before = stored(erin, "name")
    with pytest.raises(PlaintextRefused), transaction.atomic():
        User.objects.bulk_update([erin], ["name"])
    assert stored(erin, "name") == before


@pytest.mark.parametrize("value", [Value("Mallory"), F("email"), b"Mallory", 5])
def test_saving_something_other_than_text_refuses(erin: User, value: Any) -> None:
    erin.name = value
    with pytest.raises(TypeError, match="takes text"):
        erin.save()


def test_bulk_create_seals() -> None:
    User.objects.bulk_create([User(email="erin@example.org", name="Erin"), User(email="frank@example.org")])
    erin = User.objects.get(email_index="erin@example.org")
    assert erin.name == "Erin"
    assert b"Erin" not in stored(erin, "name")


LOOKUPS: dict[str, dict[str, Any]] = {
    "exact": {"name": "Erin Ellis"},
    "none": {"name": None},
    "iexact": {"name__iexact": "erin ellis"},
    "contains": {"name__contains": "Erin"},
    "in": {"name__in": ["Erin Ellis"]},
    "gt": {"name__gt": "E"},
    "length": {"name__length": 3},
    "through a relation": {"affiliate__user__name": "Erin Ellis"},
}


@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS)
@pytest.mark.parametrize("method", ["filter", "exclude", "get", "get_or_create"])
def test_comparing_refuses(erin: User, method: str, lookup: dict[str, Any]) -> None:
    with pytest.raises(FieldError, match=r"blind index|Unsupported|not permitted"):
        getattr(User.objects, method)(**lookup)


def test_whether_there_is_a_value_may_be_asked(erin: User) -> None:
    factories.user("frank@example.org")
    assert User.objects.get(name__isnull=False) == erin


def test_ordering_by_a_sealed_field_tells_nothing() -> None:
    """The order is that of random bytes: the first row differs from try to try (one in 2^64 that it does not)."""
    firsts = set()
    for _ in range(64):
        with transaction.atomic():
            a, _b = factories.user("a@example.org", name="A"), factories.user("b@example.org", name="B")
            firsts.add(User.objects.order_by("name").first() == a)
            transaction.set_rollback(True)
    assert firsts == {True, False}


def test_values_shows_nothing_readable(erin: User) -> None:
    row: dict[str, Any] = User.objects.values("email", "name").get()  # type: ignore[assignment]
    assert b"erin" not in bytes(row["email"])
    assert "Erin" not in str(list(User.objects.values_list("name", flat=True)))


@pytest.mark.parametrize("format", ["json", "jsonl", "xml"])
def test_fixtures_are_refused(erin: User, format: str) -> None:
    with pytest.raises(Exception, match="not written to fixtures"):
        call_command("dumpdata", "accounts.User", format=format, stdout=io.StringIO())


def test_natural_keys_do_not_carry_the_address_into_fixtures(alice: Affiliate) -> None:
    out = io.StringIO()
    with pytest.raises(Exception, match="not written to fixtures"):
        call_command("dumpdata", "admin.LogEntry", "accounts.User", use_natural_foreign_keys=True, stdout=out)
    with pytest.raises(PlaintextRefused):
        alice.user.natural_key()
    assert "alice" not in out.getvalue()


def fixture(tmp_path: Path, model: str, fields: dict[str, Any]) -> str:
    path = tmp_path / "fixture.json"
    path.write_text(json.dumps([{"model": model, "pk": "0195a5f0-0000-7000-8000-000000000001", "fields": fields}]))
    return str(path)


def test_a_fixture_with_a_readable_value_is_not_loaded(tmp_path: Path) -> None:
    path = fixture(tmp_path, "accounts.user", {"email": "mallory@example.org", "password": "!"})
    with pytest.raises((PlaintextRefused, DeserializationError)), transaction.atomic():
        call_command("loaddata", path, verbosity=0)
    assert not User.objects.exists()


def test_a_fixture_with_a_readable_index_is_not_loaded(tmp_path: Path) -> None:
    fields = {"email_index": "mallory@example.org", "channel": "email", "created_at": "2026-03-02T12:00:00Z"}
    with pytest.raises((TypeError, DeserializationError)), transaction.atomic():
        call_command("loaddata", fixture(tmp_path, "privacy.suppression", fields), verbosity=0)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("value", ["mallory@example.org", b"x" * 36, Value("mallory@example.org"), F("email")])
def test_an_index_is_never_set_by_hand(erin: User, value: Any) -> None:
    before = stored(erin, "email_index")
    with pytest.raises(TypeError), transaction.atomic():
        User.objects.update(email_index=value)
    assert stored(erin, "email_index") == before


@pytest.mark.parametrize("value", ["readable text", b"readable bytes", b"\x01short", "", 5])
@pytest.mark.parametrize("column", ["name", "email_index"])
def test_raw_sql_refuses_what_is_not_sealed(erin: User, column: str, value: Any) -> None:
    """The database itself looks at the shape, whoever writes."""
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounts_user SET {column} = %s", [value])
    assert User.objects.get().name == erin.name
