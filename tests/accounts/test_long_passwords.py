"""Passwords of any length and any characters are taken and compared as typed."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate
from aitpro import settings as shipped
from tests.privacy.inbox import link_mailed_to

PASSWORDS = {
    "64 characters": "The quick brown fox jumps over the lazy dog while it rains cats.",
    "1,000 characters": "a long night of typing " * 43 + "and done!!!",
    "every script": " пароль 合言葉 كلمة السر 🔑 Ünïcödé ",
    "lower-case letters alone": "onlyletterswithoutanythingelse",
}


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_password_of_any_length_and_characters_signs_in(alice: Affiliate, settings: Settings, password: str) -> None:
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    browser = Client()
    browser.post("/accounts/password/", {"email": "alice@example.com"})
    form = browser.get(link_mailed_to("alice@example.com"), follow=True)
    browser.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})

    def sign_in(typed: str) -> int:
        return Client().post("/accounts/login/", {"email": "alice@example.com", "password": typed}).status_code

    others = {password[:-1], f"{password} ", password.swapcase()} - {password}
    assert [sign_in(other) for other in others] == [200] * len(others)
    assert sign_in(password) == 302
