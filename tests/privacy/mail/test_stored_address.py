"""Answers go to the address that is stored about a person, whatever was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from affiliates.models import Affiliate
from privacy.mail.stored_addresses import stored_address
from privacy.models import ChoicesRequest, OutgoingMail
from shop.models import Product
from tests import factories
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.mark.parametrize("typed", ["anna@example.org", "ANNA@Example.ORG", "  anna@example.org "])
def test_stored_spelling_is_returned_for_a_typed_one(product: Product, typed: str) -> None:
    factories.order(product, "Anna@example.org")
    assert stored_address(typed) == "Anna@example.org"


@pytest.mark.parametrize("typed", ["anna@example.org", "", "  ", "anna", "@"])
def test_nothing_is_returned_where_nothing_is_kept(product: Product, typed: str) -> None:
    factories.order(product, "carol@example.org")
    assert stored_address(typed) is None


def test_account_comes_before_an_older_row(product: Product) -> None:
    factories.order(product, "ANNA@example.org")
    factories.user("anna@example.org")
    assert stored_address("Anna@example.org") == "anna@example.org"


def test_row_stored_first_comes_before_later_ones(product: Product) -> None:
    factories.inquiry("Anna@example.org")
    factories.order(product, "ANNA@example.org")
    assert stored_address("anna@example.org") == "Anna@example.org"


def test_affiliate_is_found_by_the_payout_address_with_that_address(alice: Affiliate) -> None:
    alice.payout_email = "Payouts@example.net"
    alice.save()
    assert stored_address("payouts@example.net") == "Payouts@example.net"
    assert stored_address("alice@example.com") == "alice@example.com"


def test_asking_alone_stores_no_address_to_answer_to() -> None:
    Client().post(reverse("privacy:choices_link"), {"email": "anna@example.org"})
    Client().post(reverse("privacy:request"), {"email": "anna@example.org", "kind": "access"})
    run_due_tasks()
    assert ChoicesRequest.objects.exists() and OutgoingMail.objects.exists()
    assert stored_address("anna@example.org") is None


def test_row_past_its_retention_does_not_count(clock: time_machine.Traveller) -> None:
    factories.inquiry("anna@example.org")
    assert stored_address("anna@example.org") == "anna@example.org"
    clock.shift(timedelta(days=731))
    assert stored_address("anna@example.org") is None
