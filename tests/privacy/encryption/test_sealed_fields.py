"""In the program, a sealed field behaves as any other field."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext, isolate_apps

from accounts.models import User
from contacts.models import Inquiry
from privacy.encryption.fields import PlaintextRefused, SealedBinaryField
from privacy.encryption.keys import RootKey
from privacy.encryption.models import uuid7
from privacy.encryption.sealing import SealBroken
from privacy.models import AccessArchive
from tests import factories
from tests.privacy.stored import anew, stored

TEXTS = ["", " ", "Zoë Ångström", "王小明", "🦭" * 300, "line\nline\r\n\ttab", "e\u0301", "x" * 100_000]


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{len(text)} characters")
def test_text_comes_back_as_it_was(text: str) -> None:
    row = factories.inquiry(message=text)
    assert anew(row).message == text


@pytest.mark.django_db
def test_nothing_stays_nothing() -> None:
    row = factories.user("erin@example.org", name=None)
    assert anew(row).name is None
    assert stored(row, "name") is None


@pytest.mark.django_db
def test_an_empty_text_is_sealed_and_is_not_nothing() -> None:
    row = factories.user("erin@example.org", name="")
    assert anew(row).name == ""
    assert stored(row, "name")[0] == 1


@pytest.mark.django_db
def test_many_rows_are_inserted_as_an_array_per_column_where_the_database_takes_arrays() -> None:
    users = [User(email=f"erin{number}@example.org", name=name) for number, name in enumerate(["Erin", "", None])]
    with CaptureQueriesContext(connection) as queries:
        User.objects.bulk_create(users)
    assert [anew(user).name for user in users] == ["Erin", "", None]
    assert User.objects.get(email_index="Erin1@example.org").email == "erin1@example.org"
    (insert,) = [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    assert ("UNNEST" in insert) == (connection.vendor == "postgresql")


@pytest.mark.django_db
def test_a_deferred_value_is_fetched_when_it_is_read() -> None:
    factories.user("erin@example.org", name="Erin")
    row = User.objects.only("id").get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert row.name == "Erin"
        assert row.name == "Erin"
    assert len(queries) == 1


@pytest.mark.django_db
def test_saving_leaves_a_deferred_value_alone() -> None:
    row = factories.user("erin@example.org", name="Erin")
    before = stored(row, "name")
    User.objects.defer("name").get().save()
    assert stored(row, "name") == before


@pytest.mark.django_db
def test_refresh_from_db_brings_the_stored_value_back() -> None:
    row = factories.user("erin@example.org", name="Erin")
    row.name = "Somebody else"
    row.refresh_from_db()
    assert row.name == "Erin"


@pytest.mark.django_db
def test_an_untouched_value_keeps_its_bytes() -> None:
    row = anew(factories.user("erin@example.org", name="Erin"))
    before = stored(row, "name")
    row.is_staff = True
    row.save()
    assert stored(row, "name") == before


@pytest.mark.django_db
def test_a_row_copied_under_a_new_key_is_not_saved_with_what_cannot_be_opened() -> None:
    row = anew(factories.inquiry())
    row.pk, row.reference, row._state.adding = uuid7(), "Q-OTHER1", True
    with pytest.raises(SealBroken):
        row.save()


@pytest.mark.django_db
def test_a_row_saved_over_another_one_does_not_destroy_it() -> None:
    erin, frank = factories.user("erin@example.org", name="Erin"), factories.user("frank@example.org", name="Frank")
    row = anew(erin)
    row.pk = frank.pk
    with pytest.raises(SealBroken), transaction.atomic():
        row.save(update_fields=["name"])
    assert anew(frank).name == "Frank"


@pytest.mark.django_db
def test_stored_bytes_of_another_row_are_not_saved() -> None:
    erin, frank = factories.user("erin@example.org", name="Erin"), factories.user("frank@example.org", name="Frank")
    frank.name = User.objects.values_list("name", flat=True).get(pk=erin.pk)
    with pytest.raises((SealBroken, TypeError)):
        frank.save()


@pytest.mark.django_db
def test_a_copied_row_with_its_values_assigned_anew_is_sealed_for_its_own_key() -> None:
    row = factories.inquiry(message="Hello?")
    values = {name: getattr(row, name) for name in ("name", "email", "phone", "address", "message")}
    other = Inquiry.objects.create(reference="Q-OTHER1", **values)
    assert anew(other).message == "Hello?"


@pytest.mark.django_db
def test_bytes_come_back_as_they_were(bob: User) -> None:
    field: Any = AccessArchive._meta.get_field("content")
    archive = AccessArchive()
    for content in (b"", b"\0\1\2", bytes(range(256)) * 1000):
        assert field.open(field.seal(content, archive), archive) == content


@pytest.mark.parametrize("value", [5, "text", None, [1, 2]])
def test_a_field_for_bytes_takes_only_bytes(value: object) -> None:
    field: Any = AccessArchive._meta.get_field("content")
    with pytest.raises(TypeError, match="takes bytes"):
        field.seal(value, AccessArchive())


@isolate_apps("privacy")
def test_a_model_without_a_key_of_its_own_making_is_refused_at_start() -> None:
    class Numbered(models.Model):
        content = SealedBinaryField()

        class Meta:
            app_label = "privacy"

        def __str__(self) -> str:
            return "numbered"

    assert [message.id for message in Numbered.check() if str(message.id).startswith("privacy")] == ["privacy.E001"]
    with pytest.raises(PlaintextRefused, match="no UUID yet"):
        Numbered._meta.get_field("content").pre_save(Numbered(content=b"x"), add=True)


@pytest.mark.django_db
def test_repr_of_a_row_shows_no_plaintext() -> None:
    row = anew(factories.user("erin@example.org", name="Erin Ellis"))
    shown = f"{row} {row!r} {row.__dict__} {list(User.objects.values())} {[row]}"
    assert "Erin" not in shown
    assert "erin" not in shown
    assert str(row) == f"user {str(row.pk)[-8:]}"


@pytest.mark.django_db
def test_repr_of_a_row_shows_no_newly_assigned_plaintext() -> None:
    row = User(email="erin@example.org", name="Erin Ellis")
    assert "rin" not in f"{row} {row!r}"


def test_a_key_ring_does_not_print_its_secrets() -> None:
    key = RootKey(b"test", b"k" * 32)
    assert "kkk" not in repr(key)
    assert "a2tra" not in repr(key)


@pytest.mark.django_db
def test_a_row_survives_copying_and_pickling() -> None:
    row = anew(factories.user("erin@example.org", name="Erin"))
    assert copy.copy(row).name == "Erin"
    assert pickle.loads(pickle.dumps(row)).name == "Erin"


@pytest.mark.django_db
def test_a_long_value_is_refused_by_validation_in_characters() -> None:
    row = factories.user("erin@example.org", name="ä" * 150)
    row.full_clean()
    row.name = "ä" * 151
    with pytest.raises(ValidationError, match="150 characters"):
        row.full_clean()


def test_an_empty_value_is_refused_by_validation_where_one_is_needed() -> None:
    with pytest.raises(ValidationError) as caught:
        Inquiry(name="", email="not a valid email address", message="").clean_fields()
    assert set(caught.value.message_dict) == {"name", "email", "message"}


def test_a_listener_to_the_making_of_rows_is_refused_at_the_start() -> None:
    def listen(**kwargs: object) -> None:
        """Would wait in vain: rows are loaded without this signal."""

    post_init.connect(listen, sender=User)
    try:
        assert "privacy.E002" in {message.id for message in User._meta.get_field("email").check()}
    finally:
        post_init.disconnect(listen, sender=User)
    assert not User._meta.get_field("email").check()
