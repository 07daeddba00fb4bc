"""Passwords are hashed with Argon2, one at a time: pages are served meanwhile, and what does not fit is told so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.db import connections
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.passwords.hashers import ConcurrencyLimit, _places, hashing_slot
from affiliates.models import Affiliate
from aitpro import settings as shipped
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.running_site import wait_for

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


class WaitingHasher(ConcurrencyLimit, MD5PasswordHasher):
    """Holds a place until the test lets it go."""

    begun, released = Event(), Event()

    def encode(self, password: str, salt: str) -> str:
        with hashing_slot():
            if password == "waits":
                self.begun.set()
                self.released.wait(30)
            return MD5PasswordHasher.encode(self, password, salt)


@pytest.fixture
def _full(settings: Settings, transactional_db: None) -> Iterator[None]:
    """One thread hashes and another one waits for it, as long as the test runs."""
    settings.PASSWORD_HASHERS = ["tests.accounts.test_hashing.WaitingHasher"]
    factories.user("alice@example.com")
    WaitingHasher.begun.clear()
    WaitingHasher.released.clear()
    threads = [Thread(target=make_password, args=["waits"]), Thread(target=make_password, args=["any"])]
    threads[0].start()
    assert WaitingHasher.begun.wait(10)
    threads[1].start()
    wait_for(_has_no_place, "the second thread in line")
    try:
        yield
    finally:
        WaitingHasher.released.set()
        for thread in threads:
            thread.join(30)


def _has_no_place() -> bool:
    if free := _places.acquire(blocking=False):
        _places.release()
    return not free


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"email": "alice@example.com", "password": password})


@pytest.mark.usefixtures("_full")
def test_sign_in_over_the_hashing_limit_is_refused_at_once_and_keeps_the_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = sign_in(client)
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) < 10
    assert "try again in a few seconds" in page.get_text()
    assert page.find("input", {"name": "email", "value": "alice@example.com"})
    assert [level for name, level, _ in caplog.record_tuples if name == "django.request"] == [logging.WARNING]


@pytest.mark.usefixtures("_full")
def test_pages_are_served_while_every_place_is_taken(client: Client) -> None:
    assert client.get("/services/").status_code == 200
    assert client.get(LOGIN).status_code == 200


@pytest.mark.usefixtures("_full")
def test_being_told_to_come_again_is_no_wrong_password(client: Client, settings: Settings) -> None:
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 1
    assert [sign_in(client).status_code for _ in range(3)] == [503] * 3
    WaitingHasher.released.set()
    wait_for(lambda: sign_in(client).status_code == 302, "a place")


@pytest.mark.usefixtures("_full")
def test_a_new_password_that_does_not_fit_may_be_sent_again(client: Client) -> None:
    client.post("/accounts/password/", {"email": "alice@example.com"})
    form = client.get(link_mailed_to("alice@example.com"), follow=True)
    new = {"new_password1": "a much better secret", "new_password2": "a much better secret"}
    answer = client.post(form.request["PATH_INFO"], new)
    assert answer.status_code == 503
    assert "try again in a few seconds" in answer.content.decode()
    WaitingHasher.released.set()
    wait_for(lambda: client.post(form.request["PATH_INFO"], new).status_code == 302, "a place")


@pytest.mark.django_db
def test_passwords_are_hashed_with_argon2(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    alice = factories.user("alice@example.com")
    assert alice.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert alice.check_password(PASSWORD)
    assert not alice.check_password("another")


def test_an_old_hash_becomes_a_new_one_at_the_next_sign_in(
    client: Client, alice: Affiliate, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    User.objects.filter(pk=alice.user.pk).update(password=old)
    assert sign_in(client).status_code == 302
    alice.user.refresh_from_db()
    assert alice.user.password.startswith("argon2$")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_gets_an_answer(alice: Affiliate, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.test_hashing.WaitingHasher"]
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 1000

    def guess(number: int) -> int:
        try:
            return int(sign_in(Client(), f"wrong {number}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as strangers:
        assert set(strangers.map(guess, range(24))) <= {200, 503}
    assert sign_in(Client()).status_code == 302
