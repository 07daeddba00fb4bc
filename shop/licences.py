"""Licence keys are issued when the money is here, and revoked when all of it went back: each once for an order."""

from __future__ import annotations

from django.utils import timezone

from privacy.audit.trail import record

from .delivery_models import Licence
from .licence_keys import new_licence_key
from .models import Order


def issue_licence(*, order: Order) -> None:
    """Makes the order's key, in the caller's transaction. An order that has one, or needs none, is left as it is."""
    if not order.product.issues_licence:
        return
    licence, issued = Licence.objects.get_or_create(order=order, defaults={"key": new_licence_key()})
    if issued:
        record(action="shop.licence.issued", about=licence, actor=None)


def revoke_licence(*, order: Order) -> None:
    """Ends the order's licence, in the caller's transaction, if it has one that is not ended yet."""
    licence = Licence.objects.filter(order=order).only("id").first()
    if licence and Licence.objects.filter(pk=licence.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(action="shop.licence.revoked", about=licence, actor=None)
