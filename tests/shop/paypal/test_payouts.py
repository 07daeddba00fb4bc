"""Payouts: batches sent, pages read, items cancelled."""

from __future__ import annotations

import pytest

from shop.money import Money
from shop.paypal.errors import DuplicateBatch, Invalid, Transient
from shop.paypal.gateway import Gateway
from shop.paypal.types import PayoutItemStatus, PayoutLine
from tests.shop.paypal.loopback import Answer, Loopback
from tests.shop.paypal.samples import HEADER, LINE, PAYOUT_ITEM, refuse, sent


def test_a_payout_is_sent(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, {"batch_header": HEADER}))
    batch = paypal.create_payout(sender_batch_id="aff-1", subject="Your commission", items=[LINE])
    assert (batch.batch_id, batch.status, batch.sender_batch_id) == ("5B", "PENDING", "aff-1")
    assert sent(loopback) == {
        "sender_batch_header": {"sender_batch_id": "aff-1", "email_subject": "Your commission"},
        "items": [
            {
                "recipient_type": "EMAIL",
                "receiver": "alice@example.com",
                "amount": {"currency": "USD", "value": "17.99"},
                "sender_item_id": "line-1",
                "note": "Thank you",
            }
        ],
    }


def test_receiver_is_named_as_mail_servers_do_so_that_nobody_else_is_paid(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, {"batch_header": HEADER}))
    line = PayoutLine("line-1", "anna@straße.example", LINE.amount)
    paypal.create_payout(sender_batch_id="aff-1", subject="", items=[line])
    assert [item["receiver"] for item in sent(loopback)["items"]] == ["anna@xn--strae-oqa.example"]


def test_a_payout_is_repeated_because_its_batch_id_makes_it_safe(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(503), Answer(201, {"batch_header": HEADER}))
    assert paypal.create_payout(sender_batch_id="aff-1", subject="", items=[LINE]).batch_id == "5B"


@pytest.mark.parametrize("issue", ["Duplicate batch request", "Batch with given sender_batch_id already exists"])
@pytest.mark.parametrize("key", ["links", "link"])
def test_a_batch_sent_before_names_the_payout_it_made(
    paypal: Gateway, loopback: Loopback, issue: str, key: str
) -> None:
    link = {"rel": "self", "href": "https://api-m.paypal.com/v1/payments/payouts/5B"}
    detail = {"field": "SENDER_BATCH_ID", "issue": issue, key: [link]}
    loopback.will(refuse(400, name="USER_BUSINESS_ERROR", details=[detail]))
    with pytest.raises(DuplicateBatch) as caught:
        paypal.create_payout(sender_batch_id="aff-1", subject="", items=[LINE])
    assert caught.value.batch_id == "5B"


def test_a_batch_sent_before_may_not_name_its_payout(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(refuse(400, details=[{"field": "SENDER_BATCH_ID", "issue": "Duplicate batch request"}]))
    with pytest.raises(DuplicateBatch) as caught:
        paypal.create_payout(sender_batch_id="aff-1", subject="", items=[LINE])
    assert caught.value.batch_id is None


def test_a_malformed_batch_id_is_not_a_batch_sent_before(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(refuse(400, name="VALIDATION_ERROR", details=[{"field": "SENDER_BATCH_ID", "issue": "Too long"}]))
    with pytest.raises(Invalid) as caught:
        paypal.create_payout(sender_batch_id="aff-1", subject="", items=[LINE])
    assert (caught.value.issues, caught.value.fields) == (("VALIDATION_ERROR",), ("SENDER_BATCH_ID",))


@pytest.mark.parametrize(
    "receiver",
    [
        "",
        "alice",
        "alice@",
        "a b@example.com",
        "alice@localhost",
        "josé@example.com",
        "x" * 60 + "@" + "e" * 63 + ".com",
    ],
)
def test_a_receiver_paypal_would_refuse_stops_the_batch_here(
    paypal: Gateway, loopback: Loopback, receiver: str
) -> None:
    wrong = PayoutLine("line-2", receiver, LINE.amount)
    with pytest.raises(Invalid) as caught:
        paypal.create_payout(sender_batch_id="aff-1", subject="", items=[LINE, wrong])
    assert caught.value.fields == ("items[1].receiver",)
    assert loopback.seen == []


@pytest.mark.parametrize("lines", [[], [LINE] * 501, [LINE, PayoutLine("line-2", "bob@example.com", Money(1, "EUR"))]])
def test_a_batch_has_a_limit_and_one_currency(paypal: Gateway, loopback: Loopback, lines: list[PayoutLine]) -> None:
    with pytest.raises(ValueError, match="500 items in one currency"):
        paypal.create_payout(sender_batch_id="aff-1", subject="", items=lines)
    assert loopback.seen == []


def test_a_payout_is_read_page_by_page(paypal: Gateway, loopback: Loopback) -> None:
    body = {"batch_header": HEADER, "items": [PAYOUT_ITEM], "total_items": 101, "total_pages": 2}
    loopback.will(Answer(200, body))
    page = paypal.get_payout("5B", page=2)
    assert loopback.seen[0].path == "/v1/payments/payouts/5B?page=2&page_size=100&total_required=true"
    assert (page.batch_id, page.sender_batch_id, page.total_pages) == ("5B", "aff-1", 2)
    item = page.items[0]
    assert (item.id, item.batch_id, item.sender_item_id) == ("8A", "5B", "line-1")
    assert (item.status, item.error) == (PayoutItemStatus.UNCLAIMED, "RECEIVER_UNREGISTERED")
    assert (item.amount, item.fee) == (Money.of("17.99", "USD"), Money.of("0.25", "USD"))
    assert item.transaction_id == "0T"


def test_an_empty_page_has_no_items(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(200, {"batch_header": HEADER}))
    page = paypal.get_payout("5B")
    assert (page.items, page.total_pages) == ((), 1)


def test_an_item_is_read(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(200, PAYOUT_ITEM))
    assert paypal.get_payout_item("8A").status is PayoutItemStatus.UNCLAIMED


def test_an_item_without_our_number_is_read(paypal: Gateway, loopback: Loopback) -> None:
    """The field is optional: a manual payout at PayPal has none."""
    line = {name: value for name, value in PAYOUT_ITEM["payout_item"].items() if name != "sender_item_id"}
    loopback.will(Answer(200, {**PAYOUT_ITEM, "payout_item": line}))
    item = paypal.get_payout_item("8A")
    assert (item.id, item.sender_item_id) == ("8A", None)


def test_an_item_is_cancelled_without_a_body_and_once(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(503), Answer(200, {**PAYOUT_ITEM, "transaction_status": "RETURNED"}))
    with pytest.raises(Transient):
        paypal.cancel_payout_item("8A")
    assert paypal.cancel_payout_item("8A").status is PayoutItemStatus.RETURNED
    assert loopback.seen[0].path == "/v1/payments/payouts-item/8A/cancel"
    assert [request.body for request in loopback.seen] == [b"", b""]
