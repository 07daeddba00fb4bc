"""Everything on the page of one order, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from shop.models import License, Order, OrderNote, Payment, Refund, RefundReason, RefundRequest
from shop.money import Money
from shop.payments.refunds import obstacle_to_refund

from .actions import ADD_NOTE, CORRECT, NoteForm
from .contributions import TimelineEvent, sections_for
from .mails import mails_about
from .timeline import audited_events, events_of_rows, staff_names, timeline

REFUND = "shop.refund_payment"


def page_of(order: Order, user: Any) -> dict[str, Any]:
    """The template's variables, without what `user` may not see."""
    payments = list(order.payments.prefetch_related("refunds", "disputes"))
    licenses = list(License.objects.filter(order=order).order_by("issued_at"))
    request = RefundRequest.objects.filter(order=order).first()
    sections, mails = sections_for(order, user), mails_about(order, request)
    audited = audited_events(order, licenses)
    events = [
        *events_of_rows(order, payments, request),
        *audited,
        *(
            TimelineEvent(at=line.mail.sent_at, text=f"Mailed: {line.title.lower()}")
            for line in mails
            if line.mail.sent_at
        ),
        *(event for section in sections for event in section.events),
    ]
    return {
        "sums": sums_of_payments(order, payments),
        "payments": [(payment, user.has_perm(REFUND) and not obstacle_to_refund(payment)) for payment in payments],
        "refunds": _refunds(order, payments),
        "licenses": licenses,
        "issues_license": bool(licenses) or order.product.issues_license,
        "refund_request": request,
        "sections": sections,
        "timeline": timeline(events),
        "mails": mails,
        "may_send_mail": user.has_perm(CORRECT),
        "corrected_at": max((e.at for e in audited if e.text == "Email address corrected"), default=None),
        "notes": _notes(order),
        "note_form": NoteForm() if user.has_perm(ADD_NOTE) and not order.is_erased else None,
        "download_limit": settings.DOWNLOADS_PER_ORDER,
        "window_is_open": order.refund_until is not None and timezone.now() < order.refund_until,
    }


def sums_of_payments(order: Order, payments: Iterable[Payment]) -> dict[str, Money]:
    """What was paid for one order, refunded, and kept."""
    received = [payment for payment in payments if payment.is_received]
    paid = Money(sum(payment.amount_minor for payment in received), order.currency)
    refunded = Money(sum(payment.refunded_minor for payment in received), order.currency)
    return {"paid": paid, "refunded": refunded, "kept": paid - refunded}


def _refunds(order: Order, payments: Iterable[Payment]) -> list[tuple[Refund, RefundReason | None]]:
    refunds = [refund for payment in payments for refund in payment.refunds.all()]
    found = RefundReason.objects.filter(refund__in=refunds) if refunds else ()
    reasons = {reason.refund_id: reason for reason in found}
    return [(refund, reasons.get(refund.pk)) for refund in refunds]


def _notes(order: Order) -> list[tuple[OrderNote, str]]:
    notes = list(OrderNote.objects.filter(order=order))
    names = staff_names(note.written_by_id for note in notes)
    return [(note, names.get(note.written_by_id, "a former user")) for note in notes]
