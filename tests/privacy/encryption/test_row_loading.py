"""Rows with sealed fields are loaded quickly under known versions of Django, by public API under others, and alike."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, isolate_apps

from accounts.models import User
from privacy.encryption.fields import SealedTextField, load_row
from privacy.encryption.models import SealedModel
from privacy.encryption.row_loading import load_quickly, rows_are_loaded_quickly
from privacy.encryption.sealing import SealBroken
from tests import factories
from tests.privacy.stored import stored

pytestmark = pytest.mark.django_db

has_fetch_modes = pytest.mark.skipif(not hasattr(models, "FETCH_PEERS"), reason="fetch modes came with Django 6.1")


@pytest.fixture(params=[load_quickly, load_row])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(User, "from_db", classmethod(request.param))
    return request.param


@pytest.fixture
def erin() -> User:
    return factories.user("erin@example.org", name="Erin")


@pytest.mark.usefixtures("loader")
def test_loaded_row_knows_its_database_and_is_not_new(erin: User) -> None:
    row = User.objects.get()
    assert (row, row.name, row.email, row.is_active) == (erin, "Erin", "erin@example.org", True)
    assert (row._state.adding, row._state.db, row.get_deferred_fields()) == (False, "default", set())


@pytest.mark.usefixtures("loader")
def test_value_that_was_not_touched_keeps_its_stored_bytes(erin: User) -> None:
    before = stored(erin, "name")
    row = User.objects.get()
    row.is_staff = True
    row.save()
    assert stored(erin, "name") == before


@pytest.mark.usefixtures("loader")
def test_text_put_into_the_database_does_not_pass_for_an_assigned_value(erin: User) -> None:
    row = User.from_db("default", ["id", "name"], [erin.pk, b"Erin"])
    with pytest.raises(SealBroken):
        _ = row.name


@pytest.mark.usefixtures("loader")
def test_deferred_value_is_fetched_when_it_is_read(erin: User) -> None:
    row = User.objects.only("is_active").get()
    assert {"name", "email"} <= row.get_deferred_fields()
    with CaptureQueriesContext(connection) as queries:
        assert (row.name, row.name) == ("Erin", "Erin")
    assert len(queries) == 1


@has_fetch_modes
@pytest.mark.usefixtures("loader", "erin")
def test_fetch_mode_that_forbids_queries_is_kept() -> None:
    from django.core.exceptions import FieldFetchBlocked

    row = User.objects.only("id").fetch_mode(models.FETCH_RAISE).get()
    with pytest.raises(FieldFetchBlocked):
        _ = row.name


@has_fetch_modes
@pytest.mark.usefixtures("loader")
def test_peers_fetch_a_deferred_value_together_and_keep_its_stored_bytes(erin: User) -> None:
    frank = factories.user("frank@example.org", name="Frank")
    rows = list(User.objects.only("id").fetch_mode(models.FETCH_PEERS).order_by("pk"))
    with CaptureQueriesContext(connection) as queries:
        assert {row.name for row in rows} == {"Erin", "Frank"}
    assert len(queries) == 1
    before = [stored(row, "name") for row in (erin, frank)]
    for row in rows:
        row.save(update_fields=["name"])
    assert [stored(row, "name") for row in (erin, frank)] == before


def test_version_of_django_that_is_not_known_is_named_by_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows_are_loaded_quickly(None) == []
    assert User.from_db.__func__ is load_quickly  # type: ignore[attr-defined]
    monkeypatch.setattr(django, "VERSION", (9, 0, 0, "final", 0))
    assert [message.id for message in rows_are_loaded_quickly(None)] == ["privacy.W001"]


@isolate_apps("privacy")
def test_model_for_a_version_that_is_not_known_loads_rows_by_the_public_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django, "VERSION", (9, 0, 0, "final", 0))

    class Letter(SealedModel):
        content = SealedTextField()

        class Meta:
            app_label = "privacy"

    assert Letter.from_db.__func__ is load_row  # type: ignore[attr-defined]


@isolate_apps("privacy")
def test_model_with_its_own_from_db_can_not_have_sealed_fields() -> None:
    with pytest.raises(TypeError, match="Letter has sealed fields"):

        class Letter(SealedModel):
            content = SealedTextField()

            class Meta:
                app_label = "privacy"

            @classmethod
            def from_db(cls, *args: Any, **options: Any) -> Any:
                """Would be replaced without a word."""
