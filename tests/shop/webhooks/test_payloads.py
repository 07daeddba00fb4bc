"""Stored webhook payloads: sealed, without the payer, for thirty days, erased with the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.requests.archive import collect
from shop.models import Payment, PayPalEvent, Product
from shop.paypal.types import WebhookEvent
from shop.webhooks.processing import receive_event
from tests import factories

pytestmark = pytest.mark.django_db

PAYER = {"name": {"given_name": "Carol"}, "email_address": "carol@example.org", "address": {"postal_code": "93003"}}
RESOURCE: dict[str, Any] = {
    "id": "C1",
    "status": "COMPLETED",
    "amount": {"currency_code": "USD", "value": "59.95"},
    "payer": PAYER,
    "payment_source": {"paypal": PAYER},
    "note_to_payer": "Dear Carol",
    "purchase_units": [{"shipping": PAYER, "custom_id": "ours", "payee": PAYER}],
    "disputed_transactions": [{"seller_transaction_id": "C1", "buyer": {"name": "Carol"}}],
    "messages": [{"content": "Carol is angry"}],
    "links": [{"href": "https://api.paypal.com/v2/payments/captures/C1", "rel": "self"}],
}


@pytest.fixture
def payment(product: Product) -> Payment:
    return factories.payment(factories.order(product), state="paid", capture_id="C1", paypal_order_id="O1")


def tell(number: str = "WH-1") -> PayPalEvent:
    receive_event(
        WebhookEvent(
            id=number, event_type="PAYMENT.CAPTURE.COMPLETED", resource_type="", resource=RESOURCE, created_at=None
        )
    )
    return PayPalEvent.objects.get(event_id=number)


def test_numbers_and_amounts_stay_and_the_payer_does_not(payment: Payment) -> None:
    kept = tell().payload
    assert '"value":"59.95"' in kept
    assert '"custom_id":"ours"' in kept
    assert '"seller_transaction_id":"C1"' in kept
    assert "arol" not in kept
    assert "93003" not in kept


def test_payload_is_sealed_in_the_database(payment: Payment) -> None:
    event = tell()
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM shop_paypalevent")
        [[stored]] = cursor.fetchall()
    assert b"59.95" not in bytes(stored)
    assert "59.95" in event.payload


def test_the_person_gets_it_with_everything_else(payment: Payment) -> None:
    tell()
    sections = {section["what"]: section for section in collect(email="carol@example.org")}
    [row] = sections["PayPal notifications about your payments"]["rows"]
    assert "59.95" in row["what PayPal reported: ids, amounts, states and times"]


def test_payload_is_deleted_after_thirty_days_and_the_id_stays(payment: Payment) -> None:
    event = tell()
    purge_expired(now=event.received_at + timedelta(days=29, hours=23))
    assert PayPalEvent.objects.filter(payload__isnull=False).exists()
    purge_expired(now=event.received_at + timedelta(days=30))
    event.refresh_from_db()
    assert (event.payload, event.event_id) == (None, "WH-1")
    tell()
    assert PayPalEvent.objects.count() == 1


def test_erasure_takes_it_and_later_messages_keep_nothing(payment: Payment) -> None:
    event = tell()
    erase_person(email="carol@example.org")
    event.refresh_from_db()
    assert event.payload is None
    assert tell("WH-2").payload is None


def test_staff_see_it_in_the_admin(staff: Client, payment: Payment) -> None:
    event = tell()
    page = staff.get(f"/admin/shop/paypalevent/{event.pk}/change/").content.decode()
    assert "59.95" in page
