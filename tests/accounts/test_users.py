"""The user: no address in what programs print, one account per address, made by hand or by command."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from accounts.models import User
from tests import factories
from tests.privacy.stored import stored

pytestmark = pytest.mark.django_db


def test_a_user_is_called_by_the_end_of_the_id() -> None:
    user = factories.user("alice@example.com", name="Alice Liddell")
    assert str(user) == f"user {str(user.pk)[-8:]}"
    assert "lice" not in f"{user!r} {user}"


def test_address_and_name_are_stored_sealed() -> None:
    user = factories.user("alice@example.com", name="Alice Liddell")
    assert b"alice" not in stored(user, "email").lower()
    assert b"Liddell" not in stored(user, "name")


@pytest.mark.parametrize(
    ("name", "called"), [("Alice", "Alice"), ("", "alice@example.com"), (None, "alice@example.com")]
)
def test_a_greeting_uses_the_name_or_the_address(name: str | None, called: str) -> None:
    assert factories.user("alice@example.com", name=name).get_short_name() == called


def test_an_erased_user_can_still_be_called() -> None:
    assert User(email=None).get_full_name() == ""


def test_a_user_without_a_password_can_not_sign_in() -> None:
    User.objects.create_user("alice@example.com")
    assert authenticate(username="alice@example.com", password="") is None


@pytest.mark.parametrize("nobody", ["", None])
def test_nobody_is_found_without_an_address(nobody: str | None) -> None:
    User.objects.create_user("")
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(nobody)


def test_the_first_colleague_is_made_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", email="bob@example.com", interactive=False, stdout=io.StringIO())
    bob = authenticate(username="BOB@example.com", password="correct horse battery")
    assert isinstance(bob, User)
    assert (bob.is_staff, bob.is_superuser) == (True, True)
