"""Payout batches and their items."""

from typing import Any

import pytest
import requests

from .api import Api, unique
from .receiver import Receiver, eventually

MAGIC = {
    "unclaimed": "UNCLAIMED",
    "returned": "RETURNED",
    "failed": "FAILED",
    "held": "ONHOLD",
    "blocked": "BLOCKED",
    "pending": "PENDING",
    "refunded": "REFUNDED",
    "reversed": "REVERSED",
}
EVENTS = {"succeeds": "SUCCEEDED", "held": "HELD", "unclaimed": "UNCLAIMED", "returned": "RETURNED"}


def item(receiver: str = "bob@example.org", value: str = "1.00", currency: str = "USD", **more: Any) -> dict[str, Any]:
    amount = {"currency": currency, "value": value}
    return {"recipient_type": "EMAIL", "receiver": receiver, "amount": amount, "sender_item_id": unique("item")} | more


def send(api: Api, *items: dict[str, Any], sender_batch_id: str = "") -> requests.Response:
    header = {"sender_batch_id": sender_batch_id or unique("aff"), "email_subject": "Your commission"}
    return api.call("POST", "/v1/payments/payouts", json={"sender_batch_header": header, "items": list(items)})


def batch_id_of(answer: requests.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["batch_header"]["payout_batch_id"])


def show(api: Api, batch_id: str, **query: Any) -> dict[str, Any]:
    return dict(api.call("GET", f"/v1/payments/payouts/{batch_id}", params=query).json())


def finished(api: Api, batch_id: str) -> dict[str, Any]:
    """The batch once it has ended; nobody waits two seconds for that."""
    api.advance_clock(seconds=2)

    def ended() -> dict[str, Any] | None:
        batch = show(api, batch_id)
        return batch if batch["batch_header"]["batch_status"] in ("SUCCESS", "DENIED") else None

    return dict(eventually(ended))


def test_a_batch_starts_pending_and_ends_in_success(api: Api, receiver: Receiver) -> None:
    answer = send(api, item(value="1.10"), item(value="2.20"))
    assert answer.json()["batch_header"]["batch_status"] == "PENDING"
    batch = finished(api, batch_id_of(answer))
    assert batch["batch_header"]["batch_status"] == "SUCCESS"
    assert batch["batch_header"]["amount"] == {"currency": "USD", "value": "3.30"}
    assert [entry["transaction_status"] for entry in batch["items"]] == ["SUCCESS", "SUCCESS"]
    for event in ("PAYMENT.PAYOUTSBATCH.PROCESSING", "PAYMENT.PAYOUTSBATCH.SUCCESS"):
        receiver.wait_for(batch_id_of(answer), event)


def test_receiver_address_decides_the_items_outcome(api: Api) -> None:
    batch = finished(api, batch_id_of(send(api, *(item(f"bob.{word}@example.org") for word in MAGIC))))
    assert batch["batch_header"]["batch_status"] == "SUCCESS"
    assert [entry["transaction_status"] for entry in batch["items"]] == list(MAGIC.values())


def test_each_items_end_is_announced(api: Api, receiver: Receiver) -> None:
    items = {word: item(f"{word}@example.org") for word in EVENTS}
    finished(api, batch_id_of(send(api, *items.values())))
    for word, event in EVENTS.items():
        hook = receiver.wait_for(items[word]["sender_item_id"], f"PAYMENT.PAYOUTS-ITEM.{event}")[0]
        assert hook.resource["payout_item"]["receiver"] == f"{word}@example.org"


def test_an_item_is_shown_with_its_error(api: Api) -> None:
    entry = finished(api, batch_id_of(send(api, item("unclaimed@example.org"))))["items"][0]
    shown = api.call("GET", f"/v1/payments/payouts-item/{entry['payout_item_id']}").json()
    assert shown["errors"]["name"] == "RECEIVER_UNREGISTERED"
    assert shown["payout_item"]["sender_item_id"] == entry["payout_item"]["sender_item_id"]


def test_a_repeated_sender_batch_id_is_refused_with_a_link_to_the_first(api: Api) -> None:
    sender_batch_id = unique("aff")
    first = batch_id_of(send(api, item(), sender_batch_id=sender_batch_id))
    answer = send(api, item(), sender_batch_id=sender_batch_id)
    assert (answer.status_code, answer.json()["name"]) == (400, "USER_BUSINESS_ERROR")
    detail = answer.json()["details"][0]
    assert (detail["field"], detail["issue"]) == ("SENDER_BATCH_ID", "Duplicate batch request")
    assert detail["link"][0]["href"].endswith(f"/v1/payments/payouts/{first}")


def test_a_sender_batch_id_is_free_again_after_thirty_days(api: Api) -> None:
    sender_batch_id = unique("aff")
    send(api, item(), sender_batch_id=sender_batch_id)
    api.advance_clock(days=30)
    api.sign_in()
    assert send(api, item(), sender_batch_id=sender_batch_id).status_code == 201


def test_a_request_id_does_not_deduplicate_payouts(api: Api) -> None:
    body = {"sender_batch_header": {}, "items": [item()]}
    answers = [api.call("POST", "/v1/payments/payouts", key="same", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (item("not-an-address"), "items[1].receiver"),
        (item("bob@example.org", recipient_type="PAYPAL_ID"), "items[1].receiver"),
        (item(value="0.00"), "items[1].amount.value"),
        (item(value="1.001"), "items[1].amount.value"),
        (item(value="10.5", currency="JPY"), "items[1].amount.value"),
        (item(currency="XXX"), "items[1].amount.currency"),
        (item(amount={"currency_code": "USD", "value": "1.00"}), "items[1].amount"),
        (item(sender_item_id="x" * 64), "items[1].sender_item_id"),
        (item(note="x" * 4001), "items[1].note"),
        (item(currency="EUR"), "items"),
    ],
)
def test_one_bad_item_rejects_the_whole_batch(api: Api, bad: dict[str, Any], field: str) -> None:
    sender_batch_id = unique("aff")
    answer = send(api, item(), bad, sender_batch_id=sender_batch_id)
    assert (answer.status_code, answer.json()["name"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in answer.json()["details"]] == [field]
    assert send(api, item(), sender_batch_id=sender_batch_id).status_code == 201


@pytest.mark.parametrize("body", [{}, {"sender_batch_header": {}}, {"sender_batch_header": {}, "items": []}])
def test_an_empty_batch_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.call("POST", "/v1/payments/payouts", json=body).status_code == 400


def test_a_batch_is_read_page_by_page(api: Api) -> None:
    batch_id = batch_id_of(send(api, *(item() for _ in range(5))))
    pages = [show(api, batch_id, page=page, page_size=2, total_required="true") for page in (1, 2, 3, 4)]
    assert [len(page["items"]) for page in pages] == [2, 2, 1, 0]
    assert len({entry["payout_item_id"] for page in pages for entry in page["items"]}) == 5
    assert {(page["total_items"], page["total_pages"]) for page in pages} == {(5, 3)}
    assert [link["rel"] for link in pages[1]["links"]] == ["self", "next", "prev"]


def test_totals_are_shown_only_when_asked_for(api: Api) -> None:
    assert "total_items" not in show(api, batch_id_of(send(api, item())))


@pytest.mark.parametrize("query", [{"page": "0"}, {"page_size": "1001"}, {"page": "one"}])
def test_a_page_that_cannot_be_is_refused(api: Api, query: dict[str, str]) -> None:
    batch_id = batch_id_of(send(api, item()))
    assert api.call("GET", f"/v1/payments/payouts/{batch_id}", params=query).status_code == 400


def test_an_unclaimed_item_can_be_cancelled(api: Api, receiver: Receiver) -> None:
    entry = finished(api, batch_id_of(send(api, item("unclaimed@example.org"))))["items"][0]
    answer = api.call("POST", f"/v1/payments/payouts-item/{entry['payout_item_id']}/cancel")
    assert (answer.status_code, answer.json()["transaction_status"]) == (200, "RETURNED")
    receiver.wait_for(entry["payout_item_id"], "PAYMENT.PAYOUTS-ITEM.CANCELED")


def test_a_cancellation_with_a_body_is_refused(api: Api) -> None:
    entry = finished(api, batch_id_of(send(api, item("unclaimed@example.org"))))["items"][0]
    answer = api.call("POST", f"/v1/payments/payouts-item/{entry['payout_item_id']}/cancel", json={})
    assert answer.status_code == 400


def test_a_paid_item_cannot_be_cancelled(api: Api) -> None:
    entry = finished(api, batch_id_of(send(api, item())))["items"][0]
    answer = api.call("POST", f"/v1/payments/payouts-item/{entry['payout_item_id']}/cancel")
    assert (answer.status_code, answer.json()["name"]) == (400, "ITEM_INCORRECT_STATUS")


def test_unclaimed_item_is_returned_after_thirty_days(api: Api) -> None:
    batch_id = batch_id_of(send(api, item("unclaimed@example.org")))
    finished(api, batch_id)
    api.advance_clock(days=30, seconds=1)
    api.sign_in()
    eventually(lambda: show(api, batch_id)["items"][0]["transaction_status"] == "RETURNED")


def test_a_batch_can_be_denied(api: Api, receiver: Receiver) -> None:
    api.fault("payout_batch_denied")
    batch = finished(api, batch_id_of(send(api, item())))
    assert batch["batch_header"]["batch_status"] == "DENIED"
    receiver.wait_for(batch["batch_header"]["payout_batch_id"], "PAYMENT.PAYOUTSBATCH.DENIED")


@pytest.mark.parametrize("kind", ["duplicate_without_link", "duplicate_reworded"])
def test_the_duplicate_answer_can_look_otherwise(api: Api, kind: str) -> None:
    sender_batch_id = unique("aff")
    send(api, item(), sender_batch_id=sender_batch_id)
    api.fault(kind)
    detail = send(api, item(), sender_batch_id=sender_batch_id).json()["details"][0]
    assert detail["field"] == "SENDER_BATCH_ID"
    assert ("link" in detail) == (kind == "duplicate_reworded")


def test_unknown_batches_and_items_are_not_found(api: Api) -> None:
    assert api.call("GET", "/v1/payments/payouts/NONE").status_code == 404
    assert api.call("GET", "/v1/payments/payouts-item/NONE").status_code == 404
    assert api.call("POST", "/v1/payments/payouts-item/NONE/cancel").status_code == 404


@pytest.mark.parametrize(
    ("receiver_word", "choice", "state", "event"),
    [
        ("unclaimed", "Claim it", "SUCCESS", "SUCCEEDED"),
        ("unclaimed", "Give it back", "RETURNED", "RETURNED"),
        ("held", "Release it", "SUCCESS", "SUCCEEDED"),
        ("held", "Block it", "BLOCKED", "BLOCKED"),
        ("pending", "Pay it", "SUCCESS", "SUCCEEDED"),
        ("pending", "Let it fail", "FAILED", "FAILED"),
        ("happy", "Refund it", "REFUNDED", "REFUNDED"),
    ],
)
def test_a_payout_can_be_settled_from_the_overview(
    api: Api, receiver: Receiver, receiver_word: str, choice: str, state: str, event: str
) -> None:
    batch = finished(api, batch_id_of(send(api, item(f"{receiver_word}@example.org"))))
    item_id = batch["items"][0]["payout_item_id"]
    assert f'action="/standin/items/{item_id}"' in api.raw("GET", "/").text
    api.raw("POST", f"/standin/items/{item_id}", data={"choice": choice})
    assert api.call("GET", f"/v1/payments/payouts-item/{item_id}").json()["transaction_status"] == state
    receiver.wait_for(item_id, f"PAYMENT.PAYOUTS-ITEM.{event}")
    may_be_taken_back = f'action="/standin/items/{item_id}"' in api.raw("GET", "/").text
    assert may_be_taken_back == (state == "SUCCESS")


def test_paid_item_can_only_be_refunded_or_reversed(api: Api) -> None:
    batch = finished(api, batch_id_of(send(api, item())))
    item_id = batch["items"][0]["payout_item_id"]
    for choice, state in (("Give it back", "SUCCESS"), ("Reverse it", "REVERSED"), ("Refund it", "REVERSED")):
        api.raw("POST", f"/standin/items/{item_id}", data={"choice": choice})
        assert api.call("GET", f"/v1/payments/payouts-item/{item_id}").json()["transaction_status"] == state
