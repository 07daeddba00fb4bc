"""PayPal's side of the demo's past: its answers to the site, and the same as rows for the stand-in.

The stand-in loads the rows when it starts. So the past payments agree when they are compared, can be refunded, and
their disputes can be followed.
"""

from __future__ import annotations

import json
import string
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from shop.models import Payment, Refund
from shop.money import Money
from shop.paypal.request_bodies import order_body
from shop.paypal.types import (
    CaptureState,
    CaptureStatus,
    DisputeOutcome,
    DisputeState,
    DisputeStatus,
    OrderItem,
    RefundState,
    RefundStatus,
)

REASON = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"  # of every dispute at the stand-in


class PayPalRecords:
    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._rows: dict[str, dict[str, Any]] = {}

    def number(self) -> str:
        return "".join(self._chance.choices(string.ascii_uppercase + string.digits, k=17))

    def capture(self, payment: Payment, *, payer: tuple[str, str]) -> CaptureState:
        """The buyer approved the payment, and PayPal captured it."""
        now, order, capture_id = timezone.now(), payment.order, self.number()
        invoice = f"{order.reference}-{payment.attempt}"
        body = order_body(
            brand_name=settings.BUSINESS["short_name"],
            reference_id=str(payment.pk),
            invoice_id=invoice,
            description=order.product_name,
            total=payment.total,
            items=[OrderItem(name=order.product_name, unit_amount=payment.total)],
            return_url=settings.SITE_URL,
            cancel_url=settings.SITE_URL,
        )
        given, _, family = payer[0].partition(" ")
        account = {"given_name": given, "surname": family, "email": payer[1], "id": self.number()[:13]}
        times = {"created_at": now, "updated_at": now}
        self._add(
            "order", payment.paypal_order_id, request=body, status="COMPLETED", payer=account, expires_at=now, **times
        )
        amount = {"amount": payment.total.amount, "currency": payment.currency}
        numbers = {"invoice_id": invoice, "custom_id": str(payment.pk)}
        self._add(
            "capture",
            capture_id,
            order=payment.paypal_order_id,
            unit=0,
            status="COMPLETED",
            **amount,
            **numbers,
            **times,
        )
        return CaptureState(
            id=capture_id,
            status=CaptureStatus.COMPLETED,
            amount=payment.total,
            status_reason=None,
            order_id=payment.paypal_order_id,
            refunded=None,
            **numbers,
        )

    def refund(self, refund: Refund) -> RefundState:
        now, number, capture_id = timezone.now(), self.number(), refund.payment.capture_id
        capture = self._rows[f"capture {capture_id}"]
        earlier = [row["fields"]["amount"] for row in self._rows.values() if row["fields"].get("capture") == capture_id]
        total = sum(earlier, refund.total.amount)
        capture["fields"]["status"] = "REFUNDED" if total == capture["fields"]["amount"] else "PARTIALLY_REFUNDED"
        capture["fields"]["updated_at"] = now
        times = {"created_at": now, "updated_at": now}
        request = {"custom_id": str(refund.pk)}
        self._add(
            "refund", number, capture=capture_id, amount=refund.total.amount, total=total, request=request, **times
        )
        return RefundState(
            id=number,
            status=RefundStatus.COMPLETED,
            amount=refund.total,
            capture_id=capture_id,
            custom_id=str(refund.pk),
            created_at=now,
        )

    def dispute(self, payment: Payment, *, number: str, opened_at: datetime, won: bool = False) -> DisputeState:
        """A dispute that is open, or was decided for the seller."""
        now = timezone.now()
        outcome = DisputeOutcome.RESOLVED_SELLER_FAVOUR if won else None
        self._add(
            "dispute", number, capture=payment.capture_id, outcome=outcome or "", created_at=opened_at, updated_at=now
        )
        return DisputeState(
            id=number,
            status=DisputeStatus.RESOLVED if won else DisputeStatus.OPEN,
            reason=REASON,
            outcome=outcome,
            amount=payment.total,
            refunded=Money(0, payment.currency) if won else None,
            capture_ids=(payment.capture_id or "",),
            opened_at=opened_at,
            changed_at=now,
            respond_by=None,
        )

    def write(self, path: Path) -> None:
        """A fixture of the stand-in's models."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(list(self._rows.values()), cls=DjangoJSONEncoder))

    def _add(self, model: str, key: str | None, **fields: Any) -> None:
        self._rows[f"{model} {key}"] = {"model": f"paypal_standin.{model}", "pk": key, "fields": fields}
