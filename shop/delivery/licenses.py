"""Issues, revokes and replaces license keys: a key works while its order is paid.

Every function runs in its caller's transaction, which holds the order's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import AuditEvent, record, record_events
from shop.mails import LICENSE_REISSUED, LICENSE_RESTORED, mail_buyer
from shop.models import Order
from shop.models.delivery import License

from .license_keys import new_license_key

if TYPE_CHECKING:
    from accounts.models import User


def issue_license(*, order: Order, actor: User | None = None, because: AuditEvent | None = None) -> None:
    """Issues a license for a paid order, or reactivates its last one. Does nothing if the product has no licenses.

    `because` is the event that leads to it. It is recorded in any case, in one step with the license.
    """
    events, license = [because] if because else [], License.objects.newest_of(order) if order.is_delivered else None
    if license is not None and License.objects.revoked().filter(pk=license.pk).update(revoked_at=None):
        mail_buyer(LICENSE_RESTORED, order)
        events.append(AuditEvent("shop.license.restored", license))
    elif license is None and order.is_delivered and order.product.issues_license:
        events.append(AuditEvent("shop.license.issued", _new_license(order)))
    record_events(events, actor=actor)


def revoke_license(*, order: Order, actor: User | None = None) -> None:
    """Revokes the order's active license, if any."""
    license = License.objects.newest_of(order)
    if license and License.objects.working().filter(pk=license.pk).update(revoked_at=timezone.now()):
        record(action="shop.license.revoked", about=license, actor=actor)


@transaction.atomic
def end_delivery(*, order: Order, actor: User) -> None:
    """Ends license and downloads of an order without a refund. Raises `ActionRefused`."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not order.is_delivered:
        raise ActionRefused("License and downloads of this order have ended already.")
    order.delivery_kept = False
    order.save(update_fields=["delivery_kept"])
    revoke_license(order=order, actor=actor)
    record(action="shop.delivery.ended", about=order, actor=actor)


def may_be_restored(order: Order) -> bool:
    """Whether the order was paid and its delivery ended by a refund or by staff. What the buyer ended stays ended."""
    return order.state in Order.RECEIVED and not order.is_delivered and not order.delivery_ended


@transaction.atomic
def restore_delivery(*, order: Order, actor: User) -> None:
    """Reactivates license and downloads, also of a refunded order. Raises `ActionRefused`."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not may_be_restored(order):
        raise ActionRefused("License and downloads of this order can't be restored, or work already.")
    order.delivery_kept = True if order.state == Order.State.REFUNDED else None
    order.save(update_fields=["delivery_kept"])
    issue_license(order=order, actor=actor, because=AuditEvent("shop.delivery.restored", order))


@transaction.atomic
def reissue_license(*, order: Order, replaces: str, actor: User) -> bool:
    """Ends the order's key and gives it a new one; the buyer is told by mail. Raises `ActionRefused`.

    `replaces` is the id of the license that staff saw, empty for none. Returns False if that license was replaced
    meanwhile, so pressing the button twice makes one new key.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not order.is_delivered:
        raise ActionRefused("Only a paid order whose delivery was not ended by the buyer can get a key.")
    license = License.objects.newest_of(order)
    if license is None and not order.product.issues_license:
        raise ActionRefused("This product has no license keys.")
    if replaces != (str(license.pk) if license else ""):
        return False
    replace_license(order=order, actor=actor)
    return True


def replace_license(*, order: Order, actor: User) -> None:
    """Ends the key of a delivered order, issues a new one, and tells the buyer."""
    License.objects.working().filter(order=order).update(revoked_at=timezone.now())
    record(action="shop.license.reissued", about=_new_license(order), actor=actor)
    mail_buyer(LICENSE_REISSUED, order)


def _new_license(order: Order) -> License:
    return License.objects.create(order=order, key=new_license_key())
