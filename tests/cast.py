"""The people of the tests, each with one role, and their browsers.

Alice and Erin are affiliates (codes DEMO and ERIN), Bob and Grace are staff who may do everything, Vera is staff who
may do nothing, Carol buys, Dave asks.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate

from . import factories


def superuser(email: str) -> User:
    return factories.user(email, is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    """This person's browser."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(db: None) -> Affiliate:
    return factories.affiliate("alice@example.com", "DEMO")


@pytest.fixture
def erin(db: None) -> Affiliate:
    return factories.affiliate("erin@example.com", "ERIN")


@pytest.fixture
def bob(db: None) -> User:
    return superuser("bob@example.com")


@pytest.fixture
def grace(db: None) -> User:
    return superuser("grace@example.com")


@pytest.fixture
def vera(db: None) -> User:
    return factories.user("vera@example.com", is_staff=True)


@pytest.fixture
def staff(bob: User, request: pytest.FixtureRequest) -> Client:
    """Bob's browser, signed in: by the clock of the test, because a sign-in ends when the clock jumps."""
    if "clock" in request.fixturenames:
        request.getfixturevalue("clock")
    return signed_in(bob)
