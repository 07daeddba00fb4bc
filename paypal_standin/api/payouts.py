"""Payouts v1: batches that are paid within about two seconds, and their items."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from paypal_standin import clock, faults, ids
from paypal_standin.models import Batch, Item
from paypal_standin.webhooks import sending

from .errors import ApiError, Json, not_found
from .payout_responses import batch_header, represent_batch, represent_item
from .payout_validation import check_batch
from .responses import json_answer, link, read_json
from .tokens import bearer_required

KEPT = timedelta(days=30)
PROCESSING_AFTER = timedelta(seconds=0.5)
DONE_AFTER = timedelta(seconds=1.5)

# A receiver whose local part contains the word ends up in this state.
MAGIC = {
    "unclaimed": Item.Status.UNCLAIMED,
    "returned": Item.Status.RETURNED,
    "failed": Item.Status.FAILED,
    "held": Item.Status.ONHOLD,
    "blocked": Item.Status.BLOCKED,
    "pending": Item.Status.PENDING,
    "refunded": Item.Status.REFUNDED,
    "reversed": Item.Status.REVERSED,
}
# Possible next states of an item, by button label.
SETTLEMENTS: dict[str, dict[str, Item.Status]] = {
    Item.Status.PENDING: {"Pay it": Item.Status.SUCCESS, "Let it fail": Item.Status.FAILED},
    Item.Status.UNCLAIMED: {"Claim it": Item.Status.SUCCESS, "Give it back": Item.Status.RETURNED},
    Item.Status.ONHOLD: {"Release it": Item.Status.SUCCESS, "Block it": Item.Status.BLOCKED},
    Item.Status.SUCCESS: {"Refund it": Item.Status.REFUNDED, "Reverse it": Item.Status.REVERSED},
}
EVENTS = {Item.Status.SUCCESS: "SUCCEEDED", Item.Status.ONHOLD: "HELD"}
WITHOUT_EVENT = (Item.Status.PENDING, Item.Status.REVERSED)


@bearer_required
@transaction.atomic
def create_batch(request: HttpRequest) -> HttpResponse:
    """POST /v1/payments/payouts: all items or none; PayPal-Request-Id means nothing here."""
    data = read_json(request)
    check_batch(data)
    header = data["sender_batch_header"]
    _refuse_duplicate(header.get("sender_batch_id"), request.path)
    batch = Batch.objects.create(
        id=ids.payout_id(),
        sender_batch_id=header.get("sender_batch_id") or "",
        header=header,
        status=Batch.Status.PENDING,
        denied=faults.take("payout_batch_denied", request.path) is not None,
        created_at=clock.now(),
    )
    Item.objects.bulk_create(_item(batch, number, item) for number, item in enumerate(data["items"]))
    shown = {name: batch_header(batch)[name] for name in ("payout_batch_id", "batch_status", "sender_batch_header")}
    return json_answer({"batch_header": shown, "links": [link(f"/v1/payments/payouts/{batch.id}", "self")]}, 201)


def _item(batch: Batch, number: int, item: Json) -> Item:
    amount = item["amount"]
    return Item(
        id=ids.payout_id(),
        batch=batch,
        position=number,
        request=item,
        amount=Decimal(amount["value"]),
        currency=amount["currency"],
    )


def _refuse_duplicate(sender_batch_id: str | None, path: str) -> None:
    known = Batch.objects.filter(sender_batch_id=sender_batch_id, created_at__gt=clock.now() - KEPT)
    first = known.first() if sender_batch_id else None
    if first is None:
        return
    links = [link(f"/v1/payments/payouts/{first.id}", "self")]
    detail: Json = {"field": "SENDER_BATCH_ID", "location": "body", "issue": "Duplicate batch request"}
    if faults.take("duplicate_reworded", path):
        detail["issue"] = "Batch with given sender_batch_id already exists"
    if faults.take("duplicate_without_link", path):
        raise ApiError(400, "USER_BUSINESS_ERROR", [detail])
    # PayPal puts the link into the detail, under `link`; its documentation has it under `links`.
    raise ApiError(400, "USER_BUSINESS_ERROR", [detail | {"link": links}], links)


@bearer_required
@transaction.atomic  # the run and its items as of one moment
def show_batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    """GET /v1/payments/payouts/{id}, a page of its items at a time."""
    batch = Batch.objects.filter(id=batch_id).first()
    if batch is None:
        raise not_found()
    page, size = _number(request, "page", 1), _number(request, "page_size", 1000)
    return json_answer(represent_batch(batch, page, size, request.GET.get("total_required") == "true"))


def _number(request: HttpRequest, name: str, default: int) -> int:
    given = request.GET.get(name, str(default))
    if not given.isdecimal() or not 1 <= int(given) <= 1000:
        detail = {"field": name, "location": "query", "issue": "Must be a number from 1 to 1000"}
        raise ApiError(400, "VALIDATION_ERROR", [detail])
    return int(given)


@bearer_required
def show_item(request: HttpRequest, item_id: str) -> HttpResponse:
    """GET /v1/payments/payouts-item/{id}."""
    return json_answer(represent_item(_find_item(item_id)))


@bearer_required
@transaction.atomic
def cancel_item(request: HttpRequest, item_id: str) -> HttpResponse:
    """POST /v1/payments/payouts-item/{id}/cancel: only an unclaimed one, and with an empty body."""
    if request.body:
        detail = {"field": "body", "location": "body", "issue": "This call takes no body"}
        raise ApiError(400, "VALIDATION_ERROR", [detail])
    item = _find_item(item_id)
    if item.status != Item.Status.UNCLAIMED:
        raise ApiError(400, "ITEM_INCORRECT_STATUS")
    _set_item_status(item, Item.Status.RETURNED, "CANCELED")
    return json_answer(represent_item(item))


@transaction.atomic
def settle_item(item_id: str, choice: str) -> None:
    """Apply a decision of PayPal or the receiver to an open item; other choices do nothing."""
    item = _find_item(item_id)
    if status := SETTLEMENTS.get(item.status, {}).get(choice):
        _set_item_status(item, status, EVENTS.get(status, status))


def _find_item(item_id: str) -> Item:
    item = Item.objects.filter(id=item_id).first()
    if item is None:
        raise not_found()
    return item


def advance() -> None:
    """Advance every batch that is due, and return unclaimed items."""
    now = clock.now()
    for batch in Batch.objects.filter(status=Batch.Status.PENDING, created_at__lte=now - PROCESSING_AFTER):
        _advance_batch(batch, Batch.Status.PENDING, Batch.Status.PROCESSING)
    for batch in Batch.objects.filter(status=Batch.Status.PROCESSING, created_at__lte=now - DONE_AFTER):
        _complete_batch(batch)
    for item in Item.objects.filter(status=Item.Status.UNCLAIMED, processed_at__lte=now - KEPT):
        with transaction.atomic():
            _set_item_status(item, Item.Status.RETURNED, "RETURNED")


@transaction.atomic
def _complete_batch(batch: Batch) -> None:
    end = Batch.Status.DENIED if batch.denied else Batch.Status.SUCCESS
    # Two stand-ins may share the database: only the one that changes the batch pays its items.
    if not Batch.objects.filter(pk=batch.pk, status=Batch.Status.PROCESSING).update(status=end):
        return
    for item in batch.items.all():
        status = Item.Status.FAILED if batch.denied else _final_status(item)
        _set_item_status(item, status, "DENIED" if batch.denied else EVENTS.get(status, status))
    batch.completed_at = clock.now()
    batch.save(update_fields=["completed_at"])
    batch.refresh_from_db()
    _announce(batch)


@transaction.atomic
def _advance_batch(batch: Batch, old: str, new: str) -> None:
    if Batch.objects.filter(pk=batch.pk, status=old).update(status=new):
        batch.refresh_from_db()
        _announce(batch)


def _announce(batch: Batch) -> None:
    status, resource = batch.status, {"batch_header": batch_header(batch)}
    sending.announce(f"PAYMENT.PAYOUTSBATCH.{status}", "payouts", resource, f"Payouts batch is {status.lower()}")


def _final_status(item: Item) -> Item.Status:
    local_part = str(item.request["receiver"]).lower().partition("@")[0]
    return next((state for word, state in MAGIC.items() if word in local_part), Item.Status.SUCCESS)


def _set_item_status(item: Item, status: Item.Status, event: str) -> None:
    item.status, item.processed_at = status, clock.now()
    item.transaction_id = item.transaction_id or ids.transaction_id()
    item.save(update_fields=["status", "processed_at", "transaction_id"])
    if status not in WITHOUT_EVENT:
        shown = represent_item(item)
        sending.announce(f"PAYMENT.PAYOUTS-ITEM.{event}", "payouts_item", shown, f"A payout item is {event.lower()}")
