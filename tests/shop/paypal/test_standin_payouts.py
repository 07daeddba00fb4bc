"""Payouts against the stand-in, over real HTTP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest

from shop.money import Money
from shop.paypal.errors import DuplicateBatch, Expired, Invalid
from shop.paypal.gateway import Gateway
from shop.paypal.types import PayoutItemStatus, PayoutLine, PayoutPage, PayoutState, PayoutStatus
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.one_database]  # starts the stand-in


@pytest.fixture
def paypal(standin_gateway: Gateway) -> Gateway:
    return standin_gateway


def send(paypal: Gateway, *receivers: str, batch: str = "") -> PayoutState:
    lines = [PayoutLine(f"line-{n}", who, Money.of("17.99", "USD"), "Thanks") for n, who in enumerate(receivers)]
    return paypal.create_payout(sender_batch_id=batch or f"aff-{uuid.uuid4()}", subject="Commission", items=lines)


def finished(paypal: Gateway, batch_id: str) -> PayoutPage:
    """PayPal processes a batch in its own time, the stand-in within about two seconds."""
    for _ in range(100):
        page = paypal.get_payout(batch_id)
        if page.status not in (PayoutStatus.PENDING, PayoutStatus.PROCESSING):
            return page
        time.sleep(0.1)
    raise AssertionError("The batch was not processed.")


def test_a_batch_is_paid(paypal: Gateway) -> None:
    batch = send(paypal, "alice@example.com", "bob@example.com")
    assert batch.status is PayoutStatus.PENDING
    page = finished(paypal, batch.batch_id)
    assert (page.status, page.total_pages) == (PayoutStatus.SUCCESS, 1)
    assert page.sender_batch_id == batch.sender_batch_id
    assert [(item.sender_item_id, item.status) for item in page.items] == [
        ("line-0", PayoutItemStatus.SUCCESS),
        ("line-1", PayoutItemStatus.SUCCESS),
    ]
    item = page.items[0]
    assert (item.amount, item.batch_id) == (Money.of("17.99", "USD"), batch.batch_id)
    assert item.transaction_id
    assert paypal.get_payout_item(item.id) == item


def test_a_processed_batch_says_what_became_of_each_item(paypal: Gateway) -> None:
    fates = {
        "unclaimed": PayoutItemStatus.UNCLAIMED,
        "failed": PayoutItemStatus.FAILED,
        "held": PayoutItemStatus.ONHOLD,
        "blocked": PayoutItemStatus.BLOCKED,
        "returned": PayoutItemStatus.RETURNED,
        "pending": PayoutItemStatus.PENDING,
        "refunded": PayoutItemStatus.REFUNDED,
        "reversed": PayoutItemStatus.REVERSED,
    }
    page = finished(paypal, send(paypal, *(f"{word}@example.com" for word in fates)).batch_id)
    assert page.status is PayoutStatus.SUCCESS
    assert [item.status for item in page.items] == list(fates.values())


def test_a_denied_batch_pays_nobody(paypal: Gateway, standin: Standin) -> None:
    standin.fault("payout_batch_denied")
    page = finished(paypal, send(paypal, "alice@example.com").batch_id)
    assert (page.status, page.items[0].status) == (PayoutStatus.DENIED, PayoutItemStatus.FAILED)


def test_items_come_in_pages(paypal: Gateway) -> None:
    batch = send(paypal, *(f"affiliate-{number}@example.com" for number in range(130)))
    pages = [paypal.get_payout(batch.batch_id, page) for page in (1, 2)]
    assert [page.total_pages for page in pages] == [2, 2]
    assert [len(page.items) for page in pages] == [100, 30]
    assert len({item.sender_item_id for page in pages for item in page.items}) == 130


@pytest.mark.parametrize("fault", [None, "duplicate_reworded"])
def test_a_batch_sent_twice_names_the_first(paypal: Gateway, standin: Standin, fault: str | None) -> None:
    first = send(paypal, "alice@example.com")
    if fault:
        standin.fault(fault)
    with pytest.raises(DuplicateBatch) as caught:
        send(paypal, "alice@example.com", batch=first.sender_batch_id or "")
    assert caught.value.batch_id == first.batch_id


def test_a_batch_sent_twice_may_not_name_the_first(paypal: Gateway, standin: Standin) -> None:
    first = send(paypal, "alice@example.com")
    standin.fault("duplicate_without_link")
    with pytest.raises(DuplicateBatch) as caught:
        send(paypal, "alice@example.com", batch=first.sender_batch_id or "")
    assert caught.value.batch_id is None


def test_an_answer_lost_after_the_batch_was_taken_is_found_again(paypal: Gateway, standin: Standin) -> None:
    standin.fault("drop_after_commit", path_contains="/v1/payments/payouts")
    with pytest.raises(DuplicateBatch) as caught:
        send(paypal, "alice@example.com")
    assert paypal.get_payout(caught.value.batch_id or "").items[0].sender_item_id == "line-0"


def test_an_unclaimed_item_is_cancelled(paypal: Gateway) -> None:
    item = finished(paypal, send(paypal, "unclaimed@example.com").batch_id).items[0]
    assert paypal.cancel_payout_item(item.id).status is PayoutItemStatus.RETURNED
    with pytest.raises(Invalid) as caught:
        paypal.cancel_payout_item(item.id)
    assert caught.value.issues == ("ITEM_INCORRECT_STATUS",)


@pytest.mark.parametrize("look_up", [Gateway.get_payout, Gateway.get_payout_item, Gateway.cancel_payout_item])
def test_an_unknown_id_is_unknown(paypal: Gateway, look_up: Callable[[Gateway, str], object]) -> None:
    with pytest.raises(Expired):
        look_up(paypal, "UNKNOWN")
