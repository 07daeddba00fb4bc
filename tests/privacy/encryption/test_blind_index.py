"""A person is found by their address, however they type it, and by nothing less."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from contacts.models import Inquiry
from privacy.encryption.keys import RootKey
from privacy.encryption.normalization import normalize_email, normalize_phone
from privacy.models import Suppression
from tests import factories
from tests.privacy.stored import anew, stored

SPELLINGS = [
    "alice@example.com",
    "Alice@Example.COM",
    "  alice@example.com\t",
    "alice@ｅxample.com",
    "alice@example。com",
]
OTHERS = [
    "alice@example.org",
    "alic@example.com",
    "alice+shop@example.com",
    "a.lice@example.com",
    "alice@xample.com",
    "ＡＬＩＣＥ@example.com",  # a mailbox of its own
    "alice＠example.com",  # no address: it has no @
    "al\u0131ce@example.com",
    "alice\u200b@example.com",
    "",
]
NEXT = RootKey(b"next", b"n" * 32)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", SPELLINGS)
def test_an_address_typed_differently_finds_the_row(typed: str) -> None:
    alice = factories.user("Alice@example.com")
    assert User.objects.get(email_index=typed) == alice
    assert User.objects.get(email_index__in=["nobody@example.com", typed]) == alice
    assert User.objects.get_by_natural_key(typed) == alice


@pytest.mark.django_db
@pytest.mark.parametrize("typed", OTHERS)
def test_another_address_finds_nothing(typed: str) -> None:
    factories.user("alice@example.com")
    assert not User.objects.filter(email_index=typed).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["zoe@bücher.example", "zoe@BÜCHER.example", "zoe@xn--bcher-kva.example"])
def test_a_domain_in_its_own_script_finds_its_ascii_form(typed: str) -> None:
    zoe = factories.user("zoe@bücher.example")
    assert User.objects.get(email_index=typed) == zoe


@given(st.emails() | st.text(max_size=40))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalize_email(text)
    assert normalize_email(once) == once


@pytest.mark.parametrize("typed", ["(805) 651-8516", "805-651-8516", "+1 805 651 8516", "805.651.8516"])
def test_a_telephone_number_has_one_spelling(typed: str) -> None:
    assert normalize_phone(typed) == "+18056518516"


@pytest.mark.django_db
def test_a_row_is_found_by_its_telephone_number() -> None:
    row = factories.inquiry(phone="805-651-8516")
    assert Inquiry.objects.get(phone_index="+1 (805) 651-8516") == row
    assert factories.inquiry(reference="Q-OTHER1", phone="").phone_index is None


@pytest.mark.parametrize("typed", ["call me", "", "1", "+", "5" * 40])
def test_invalid_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="phone number"):
        normalize_phone(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("second", SPELLINGS)
def test_an_address_belongs_to_one_account_however_it_is_typed(second: str) -> None:
    factories.user("alice@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.user(second)


@pytest.mark.django_db
def test_many_accounts_may_have_no_address() -> None:
    assert {factories.user("").email_index, factories.user("").email_index} == {None}


@pytest.mark.parametrize("lookup", ["iexact", "contains", "startswith", "gt", "range", "regex", "length"])
def test_only_equality_works(lookup: str) -> None:
    with pytest.raises(FieldError, match="finds equal values and nothing else"):
        User.objects.filter(**{f"email_index__{lookup}": "alice@example.com"})


@pytest.mark.django_db
@pytest.mark.parametrize("value", [b"alice@example.com", 5, b"\0" * 36])
def test_blind_index_is_compared_with_plaintext_only(value: Any) -> None:
    with pytest.raises(TypeError):
        list(User.objects.filter(email_index=value))


@pytest.mark.django_db
def test_whether_there_is_one_may_be_asked() -> None:
    alice, _nobody = factories.user("alice@example.com"), factories.user("")
    assert User.objects.get(email_index__isnull=False) == alice
    assert User.objects.exclude(email_index="alice@example.com").count() == 1


@pytest.mark.django_db
def test_a_row_is_found_under_every_key_in_the_ring(settings: Settings) -> None:
    alice = factories.user("alice@example.com")
    settings.ENCRYPTION_KEYS = f"{NEXT.written_out()},{settings.ENCRYPTION_KEYS}"
    bob = factories.user("bob@example.com")
    assert stored(bob, "email_index")[:4] == b"next"
    assert stored(alice, "email_index")[:4] == b"test"
    for person in (alice, bob):
        typed = person.email.upper()
        assert User.objects.get(email_index=typed) == person
        assert User.objects.get(email_index__in=[typed]) == person
        assert User.objects.exclude(email_index=typed).get() != person
        assert anew(person).email == typed.lower()


@pytest.mark.django_db
def test_a_row_moves_to_the_primary_key_when_it_is_saved_with_its_value(settings: Settings) -> None:
    alice = factories.user("alice@example.com")
    settings.ENCRYPTION_KEYS = f"{NEXT.written_out()},{settings.ENCRYPTION_KEYS}"
    alice.save()
    assert stored(alice, "email_index")[:4] == stored(alice, "email")[1:5] == b"next"


@pytest.mark.django_db
def test_two_columns_index_the_same_value_differently() -> None:
    alice = factories.user("alice@example.com")
    opt_out = Suppression.objects.create(fingerprint="alice@example.com", channel="email")
    assert stored(alice, "email_index") != stored(opt_out, "email_index")
    assert b"alice" not in stored(opt_out, "email_index")


@pytest.mark.django_db
@pytest.mark.parametrize("by_hand", ["mallory@example.org", b"x" * 36, None])
def test_an_index_set_by_hand_is_computed_anew(by_hand: Any) -> None:
    alice = factories.user("alice@example.com")
    before = stored(alice, "email_index")
    alice.email_index = by_hand
    alice.save()
    assert stored(alice, "email_index") == before


@pytest.mark.django_db
def test_a_new_address_is_found_when_only_the_address_was_saved() -> None:
    alice = factories.user("alice@example.com")
    alice.email = "alice@example.net"
    alice.save(update_fields=["email"])
    assert User.objects.get(email_index="alice@example.net") == alice
    assert not User.objects.filter(email_index="alice@example.com").exists()


@pytest.mark.django_db
def test_a_new_address_is_found_when_the_index_was_not_loaded() -> None:
    factories.user("alice@example.com")
    alice = User.objects.defer("email_index").get()
    alice.email = "alice@example.net"
    alice.save()
    assert User.objects.get(email_index="alice@example.net") == alice


@pytest.mark.django_db
def test_an_address_taken_away_is_not_found_any_more() -> None:
    alice = factories.user("alice@example.com")
    alice.email = None
    alice.save()
    assert stored(alice, "email_index") is None
