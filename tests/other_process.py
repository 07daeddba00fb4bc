"""The environment of another process that works on the database of the tests."""

from __future__ import annotations

import os

import pytest
from django.db import connections
from pytest_django import Settings


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    names = {"DATABASE_URL": "default", "KEYSTORE_URL": "keystore"}
    return {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}},
        **{name: _address(alias) for name, alias in names.items()},
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SECRET_KEY": str(settings.SECRET_KEY),
        "ENCRYPTION_KEYS": str(settings.ENCRYPTION_KEYS),
    }


def _address(alias: str) -> str:
    """The test database's address, as the environment names databases."""
    database = connections[alias].settings_dict
    if "sqlite" in database["ENGINE"]:
        return f"sqlite:///{database['NAME']}"
    base, _, query = os.environ[{"default": "DATABASE_URL", "keystore": "KEYSTORE_URL"}[alias]].partition("?")
    return f"{base.rpartition('/')[0]}/{database['NAME']}?{query}"
