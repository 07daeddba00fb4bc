"""Disputes: opened and resolved from the overview page, shown to the shop."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from paypal_standin import clock, ids
from paypal_standin.models import Capture, Dispute, Refund
from paypal_standin.money import dump
from paypal_standin.webhooks import sending

from . import payments
from .errors import Json, not_found
from .responses import json_answer, link
from .tokens import bearer_required


@bearer_required
def show_dispute(request: HttpRequest, dispute_id: str) -> HttpResponse:
    """GET /v1/customer/disputes/{id}."""
    dispute = Dispute.objects.filter(id=dispute_id).first()
    if dispute is None:
        raise not_found()
    return json_answer(represent(dispute))


@bearer_required
def list_disputes(request: HttpRequest) -> HttpResponse:
    """GET /v1/customer/disputes?disputed_transaction_id=…: the newest first, without what only the dispute itself
    shows."""
    found = Dispute.objects.filter(capture=request.GET.get("disputed_transaction_id", "")).order_by("-created_at")
    return json_answer({"items": [_summary(dispute) for dispute in found], "links": []})


def _summary(dispute: Dispute) -> Json:
    hidden = {"disputed_transactions", "dispute_outcome"}
    return {name: value for name, value in represent(dispute).items() if name not in hidden}


def open_dispute(capture: Capture) -> Dispute:
    """Open a dispute; a capture has at most one open dispute."""
    now = clock.now()
    already = capture.disputes.filter(outcome="").first()
    if already:
        return already
    dispute = Dispute.objects.create(id=ids.dispute_id(), capture=capture, created_at=now, updated_at=now)
    sending.announce("CUSTOMER.DISPUTE.CREATED", "dispute", represent(dispute), "A new dispute opened")
    return dispute


def reopen(dispute: Dispute) -> None:
    """Reopen a dispute on appeal; the money doesn't move yet."""
    if Dispute.objects.filter(pk=dispute.pk).exclude(outcome="").update(outcome="", updated_at=clock.now()):
        dispute.refresh_from_db()
        sending.announce("CUSTOMER.DISPUTE.UPDATED", "dispute", represent(dispute), "A dispute was appealed")


def resolve(dispute: Dispute, outcome: str) -> None:
    """Resolve the dispute. A win of the buyer reverses the rest of the capture; a later win of the shop cancels the
    reversal."""
    changed = Dispute.objects.filter(pk=dispute.pk, outcome="").update(outcome=outcome, updated_at=clock.now())
    if not changed:
        return
    dispute.refresh_from_db()
    capture = dispute.capture
    if outcome == Dispute.Outcome.BUYER and capture.status in payments.REFUNDABLE:
        payments.create_refund(capture, capture.remaining(), event="PAYMENT.CAPTURE.REVERSED", dispute=dispute)
    if outcome == Dispute.Outcome.SELLER:
        for refund in dispute.refunds.filter(status=Refund.Status.COMPLETED):
            payments.cancel_reversal(refund)
    sending.announce("CUSTOMER.DISPUTE.RESOLVED", "dispute", represent(dispute), "A dispute was resolved")


def represent(dispute: Dispute) -> Json:
    """The dispute in full."""
    capture = dispute.capture
    amount = dump(capture.amount, capture.currency)
    body: Json = {"dispute_id": dispute.id, "create_time": clock.stamp(dispute.created_at)}
    body |= {"update_time": clock.stamp(dispute.updated_at), "disputed_transactions": [_transaction(capture)]}
    body |= {"reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "dispute_amount": amount, "dispute_channel": "INTERNAL"}
    body |= {"status": "RESOLVED" if dispute.outcome else "OPEN", "dispute_life_cycle_stage": "INQUIRY"}
    if dispute.outcome:
        body["dispute_outcome"] = {"outcome_code": dispute.outcome} | _refunded(dispute)
    return body | {"links": [link(f"/v1/customer/disputes/{dispute.id}", "self")]}


def _refunded(dispute: Dispute) -> Json:
    amounts = [refund.amount for refund in dispute.refunds.filter(status=Refund.Status.COMPLETED)]
    return {"amount_refunded": dump(sum(amounts, Decimal(0)), dispute.capture.currency)} if amounts else {}


def _transaction(capture: Capture) -> Json:
    payer = capture.order.payer or {}
    return {
        "seller_transaction_id": capture.id,
        "buyer_transaction_id": capture.id[::-1],
        "create_time": clock.stamp(capture.created_at),
        "transaction_status": "COMPLETED",
        "gross_amount": dump(capture.amount, capture.currency),
        "invoice_number": capture.invoice_id,
        "custom": capture.custom_id,
        "buyer": {"name": f"{payer.get('given_name', '')} {payer.get('surname', '')}".strip()},
        "seller": {"email": payments.PAYEE["email_address"], "merchant_id": payments.PAYEE["merchant_id"]},
    }
