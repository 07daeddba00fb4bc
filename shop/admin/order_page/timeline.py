"""The timeline of an order: times from its rows, and who did what from the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model

from privacy.audit.models import AuditEntry
from shop.models import License, Order, Payment, Refund, RefundRequest

from .contributions import TimelineEvent

# What no row says by itself, or not by whom.
AUDITED = {
    "shop.order.invoice_details_changed": "Invoice details changed",
    "shop.receipt.sent_again": "Receipt sent again",
    "shop.mail.sent_again": "Mail sent again",
    "shop.email_address.changed": "Email address corrected",
    "shop.download.counted": "Downloaded",
    "shop.download.renewed": "Downloads allowed again",
    "shop.delivery.ended": "Downloads ended",
    "shop.delivery.restored": "Downloads restored",
    "shop.license.issued": "License issued",
    "shop.license.reissued": "License re-issued",
    "shop.license.revoked": "License revoked",
    "shop.license.restored": "License restored",
}
BY_BUYER = {"shop.order.invoice_details_changed", "shop.download.counted"}
NEWEST = 200  # audit entries on one page


@dataclass(frozen=True)
class TimelineLine:
    at: datetime
    text: str
    who: str


def audited_events(order: Order, licenses: Iterable[License]) -> list[TimelineEvent]:
    rows = [str(order.pk), *(str(license.pk) for license in licenses)]
    entries = AuditEntry.objects.filter(object_id__in=rows, action__in=AUDITED).order_by("-number")[:NEWEST]
    return [
        TimelineEvent(
            at=entry.at,
            text=AUDITED[entry.action],
            actor=entry.actor,
            by="the buyer" if entry.action in BY_BUYER else "",
        )
        for entry in entries
    ]


def events_of_rows(order: Order, payments: Sequence[Payment], request: RefundRequest | None) -> Iterator[TimelineEvent]:
    yield TimelineEvent(at=order.placed_at, text="Placed", by="the buyer")
    if order.paid_at:
        yield TimelineEvent(at=order.paid_at, text=f"Paid: {order.total}", by="the buyer")
    for payment in payments:
        if payment.state in Payment.UNSUCCESSFUL:
            yield TimelineEvent(at=payment.changed_at, text=f"Payment {payment.get_state_display()}")
        for refund in payment.refunds.all():
            yield from _refund_events(refund)
        for dispute in payment.disputes.all():
            yield TimelineEvent(at=dispute.opened_at, text=f"Disputed: {dispute.total}", by="the buyer, at PayPal")
            if dispute.closed_at:
                outcome = dispute.get_outcome_display() or "no outcome"
                yield TimelineEvent(at=dispute.closed_at, text=f"Dispute closed: {outcome}", by="PayPal")
    if request is not None:
        yield TimelineEvent(at=request.requested_at, text="Refund requested", by="the buyer")
        if request.state == RefundRequest.State.DECLINED and request.decided_at:
            yield TimelineEvent(at=request.decided_at, text="Refund request declined", actor=request.decided_by_id)


def _refund_events(refund: Refund) -> Iterator[TimelineEvent]:
    by = {Refund.Source.PAYPAL: "at PayPal", Refund.Source.CHARGEBACK: "PayPal or the bank"}.get(
        Refund.Source(refund.source), ""
    )
    if refund.completed_at:
        text = f"Refunded: {refund.total}"
        yield TimelineEvent(at=refund.completed_at, text=text, actor=refund.requested_by_id, by=by)
    if not refund.completed_at or refund.state == Refund.State.REVERTED:
        words = {
            Refund.State.NEW: "Refund saved, PayPal has not answered yet",
            Refund.State.PENDING: "Refund pending at PayPal",
            Refund.State.FAILED: "Refund failed at PayPal",
            Refund.State.REVERTED: "Refund reverted",
        }
        text = f"{words[Refund.State(refund.state)]}: {refund.total}"
        at = refund.checked_at if refund.state == Refund.State.REVERTED and refund.checked_at else refund.created_at
        yield TimelineEvent(at=at, text=text, actor=refund.requested_by_id, by=by)


def timeline(events: Iterable[TimelineEvent]) -> list[TimelineLine]:
    """In order of time. The names of staff take one query."""
    events = sorted(events, key=lambda event: event.at)
    names = staff_names(event.actor for event in events)
    return [
        TimelineLine(
            at=event.at, text=event.text, who=names.get(event.actor, "a former user") if event.actor else event.by
        )
        for event in events
    ]


def staff_names(ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    wanted = {pk for pk in ids if pk}
    users = get_user_model()._default_manager.filter(pk__in=wanted) if wanted else ()
    return {user.pk: user.get_full_name() for user in users}
