"""The affiliate's browser, and the links in emails."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from affiliates.models import Affiliate

PASSWORD = "correct horse battery"

Link = Callable[..., str]


@pytest.fixture
def browser(alice: Affiliate) -> Client:
    """Alice's browser, signed in."""
    client = Client()
    assert client.login(email="alice@example.com", password=PASSWORD)
    return client


@pytest.fixture
def link() -> Link:
    """The path of the link in the newest mail that has one starting with this."""

    def find(start: str, to: str = "") -> str:
        for message in reversed(mail.outbox):
            found = re.search(rf"https?://[^/\s]+({re.escape(start)}\S+)", str(message.body))
            if found and (not to or message.to == [to]):
                return found.group(1)
        raise AssertionError(f"no mail has a link to {start}: {[m.subject for m in mail.outbox]}")

    return find
