"""Issues, revokes and replaces license keys: a key works while its order is paid.

Every function runs in its caller's transaction, which holds the order's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from shop.mails import LICENSE_REISSUED, LICENSE_RESTORED, mail_buyer
from shop.models import Order
from shop.models.delivery import License

from .license_keys import new_license_key

if TYPE_CHECKING:
    from accounts.models import User


def issue_license(*, order: Order) -> None:
    """Issues a license for a paid order, or reactivates its last one. Does nothing if the product has no licenses."""
    if not order.is_delivered:
        return
    license = License.objects.newest_of(order)
    if license is None and order.product.issues_license:
        record(action="shop.license.issued", about=_new_license(order), actor=None)
    elif license is not None and License.objects.revoked().filter(pk=license.pk).update(revoked_at=None):
        record(action="shop.license.restored", about=license, actor=None)
        mail_buyer(LICENSE_RESTORED, order)


def revoke_license(*, order: Order) -> None:
    """Revokes the order's active license, if any."""
    license = License.objects.newest_of(order)
    if license and License.objects.working().filter(pk=license.pk).update(revoked_at=timezone.now()):
        record(action="shop.license.revoked", about=license, actor=None)


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
