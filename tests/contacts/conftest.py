"""A visitor who fills in the contact form at leisure, and a member of staff who presses buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from contacts.inquiries.spam_check import new_stamp
from contacts.models import Inquiry
from tests import factories
from tests.staff_pages import Page

DAVE = {
    "kind": "question",
    "name": "Dave Dorn",
    "email": "Dave@example.org",
    "phone": "805-651-8516",
    "address": "1 Main Street\nVentura",
    "message": "What would a new site cost?",
}

Post = Callable[..., Any]


@pytest.fixture
def post(client: Client, clock: time_machine.Traveller) -> Post:
    """Sends the form a minute after opening it. `network` is where from; the rest are fields that differ."""

    def send(network: str = "203.0.113.77", **changes: str) -> Any:
        stamp = new_stamp(timezone.now() - timedelta(minutes=1))
        return client.post("/contact/", {**DAVE, "stamp": stamp, **changes}, REMOTE_ADDR=network)

    return send


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    """Dave's question, with his telephone number and address."""
    return factories.inquiry(phone="805-651-8516", address="1 Main Street")


def page_of(inquiry: Inquiry, step: str = "change") -> str:
    return f"/admin/contacts/inquiry/{inquiry.pk}/{step}/"


def press(staff: Client, inquiry: Inquiry, step: str, **fields: Any) -> str:
    """The page that a button leads to."""
    response = staff.post(page_of(inquiry, step), fields, follow=True)
    inquiry.refresh_from_db()
    return response.content.decode()


def send(staff: Client, inquiry: Inquiry, answer: str, button: str = "_send", **fields: Any) -> str:
    """The page after an answer; `button` is the name of the one that was pressed."""
    response = staff.post(page_of(inquiry), {"answer": answer, button: "", **fields}, follow=True)
    inquiry.refresh_from_db()
    return response.content.decode()


def form_of(staff: Client, inquiry: Inquiry) -> Page:
    """The page of a message as a browser keeps it."""
    return Page(staff, page_of(inquiry))
