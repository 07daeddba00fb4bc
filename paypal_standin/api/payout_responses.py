"""Representation of batches and items in responses and webhooks."""

from decimal import Decimal

from django.db.models import Sum

from paypal_standin import clock, ids
from paypal_standin.models import Batch, Item
from paypal_standin.money import dump_v1

from .errors import Json
from .responses import link

FEE = Decimal("0.25")
ERRORS = {
    Item.Status.UNCLAIMED: ("RECEIVER_UNREGISTERED", "Receiver is unregistered"),
    Item.Status.RETURNED: ("RECEIVER_UNREGISTERED", "The money was not claimed and has been returned"),
    Item.Status.FAILED: ("RECEIVER_UNCONFIRMED", "Receiver is unconfirmed"),
    Item.Status.ONHOLD: ("PENDING_RECIPIENT_NON_HOLDING_CURRENCY_PAYMENT_PREFERENCE", "The payment is held for review"),
    Item.Status.BLOCKED: ("TRANSACTION_DECLINED_BY_TRAVEL_RULE", "The payment was blocked"),
}
HEADER_FIELDS = ("sender_batch_id", "recipient_type", "email_subject", "email_message")
ITEM_FIELDS = ("note", "receiver", "sender_item_id", "purpose")


def sender_header(batch: Batch) -> Json:
    """The sender's header, without empty fields."""
    return {name: batch.header[name] for name in HEADER_FIELDS if batch.header.get(name)}


def batch_header(batch: Batch) -> Json:
    """The batch's state and sums."""
    total = batch.items.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    first = batch.items.first()
    currency, count = (first.currency if first else "USD"), batch.items.count()
    header: Json = {"payout_batch_id": batch.id, "batch_status": batch.status}
    header |= {"time_created": clock.stamp(batch.created_at), "sender_batch_header": sender_header(batch)}
    if batch.completed_at:
        header["time_completed"] = clock.stamp(batch.completed_at)
    header |= {"funding_source": "BALANCE", "amount": dump_v1(total, currency)}
    return header | {"fees": dump_v1(FEE * count, currency)}


def represent_batch(batch: Batch, page: int, size: int, with_totals: bool) -> Json:
    """A page of the batch; an empty one past the last."""
    count = batch.items.count()
    pages = -(-count // size)
    items = batch.items.all()[(page - 1) * size : page * size]
    body: Json = {"total_items": count, "total_pages": pages} if with_totals else {}
    body |= {"batch_header": batch_header(batch), "items": [represent_item(item) for item in items]}
    return body | {"links": _page_links(batch, page, size, pages)}


def _page_links(batch: Batch, page: int, size: int, pages: int) -> list[Json]:
    numbers = {"self": page} | ({"next": page + 1} if page < pages else {}) | ({"prev": page - 1} if page > 1 else {})
    path = f"/v1/payments/payouts/{batch.id}?page_size={size}&page="
    return [link(f"{path}{number}", rel) for rel, number in numbers.items()]


def represent_item(item: Item) -> Json:
    """The item, with its errors."""
    body: Json = {"payout_item_id": item.id, "transaction_status": item.status}
    body |= {"payout_item_fee": dump_v1(FEE, item.currency), "payout_batch_id": item.batch_id}
    if item.transaction_id:
        body |= {"transaction_id": item.transaction_id, "activity_id": item.transaction_id[::-1]}
    if item.batch.sender_batch_id:
        body["sender_batch_id"] = item.batch.sender_batch_id
    body["payout_item"] = _payout_item(item)
    if item.processed_at:
        body["time_processed"] = clock.stamp(item.processed_at)
    if item.status in ERRORS:
        body["errors"] = _errors(item)
    return body | {"links": _item_links(item)}


def _payout_item(item: Item) -> Json:
    kind = item.request.get("recipient_type") or item.batch.header.get("recipient_type") or "EMAIL"
    shown: Json = {"recipient_type": str(kind).upper(), "amount": dump_v1(item.amount, item.currency)}
    shown |= {name: item.request[name] for name in ITEM_FIELDS if item.request.get(name)}
    return shown | {"recipient_wallet": "PAYPAL"}


def _errors(item: Item) -> Json:
    name, message = ERRORS[Item.Status(item.status)]
    return {"name": name, "message": message, "debug_id": ids.debug_id(), "details": [], "links": []}


def _item_links(item: Item) -> list[Json]:
    path = f"/v1/payments/payouts-item/{item.id}"
    links = [link(path, "item"), link(f"/v1/payments/payouts/{item.batch_id}", "batch")]
    return [*links, link(f"{path}/cancel", "cancel", "POST")] if item.status == Item.Status.UNCLAIMED else links
