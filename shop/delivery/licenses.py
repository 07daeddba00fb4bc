"""License keys follow the money: one works while it is here, and none once all of it went back.

Every function runs in its caller's transaction, which holds the order's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from shop.mails import LICENCE_REISSUED, LICENCE_RESTORED, mail_buyer
from shop.models import Order
from shop.models.delivery import Licence

from .license_keys import new_licence_key

if TYPE_CHECKING:
    from accounts.models import User


def issue_licence(*, order: Order) -> None:
    """Makes the key of a paid order, or brings back the one it had. An order that needs none is left as it is."""
    if not order.is_delivered:
        return
    licence = Licence.objects.newest_of(order)
    if licence is None and order.product.issues_licence:
        record(action="shop.licence.issued", about=_new_licence(order), actor=None)
    elif licence is not None and Licence.objects.revoked().filter(pk=licence.pk).update(revoked_at=None):
        record(action="shop.licence.restored", about=licence, actor=None)
        mail_buyer(LICENCE_RESTORED, order)


def revoke_licence(*, order: Order) -> None:
    """Ends the order's license, if it has one that is not ended yet."""
    licence = Licence.objects.newest_of(order)
    if licence and Licence.objects.working().filter(pk=licence.pk).update(revoked_at=timezone.now()):
        record(action="shop.licence.revoked", about=licence, actor=None)


@transaction.atomic
def reissue_licence(*, order: Order, replaces: str, actor: User) -> bool:
    """Ends the order's key and gives it a new one; the buyer is told by mail. Raises `ActionRefused`.

    `replaces` is the number of the license that staff saw, empty for none. False when another one took its place
    meanwhile: pressed twice, the button makes one new key.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not order.is_delivered:
        raise ActionRefused("Only an order that is paid, and whose delivery the buyer has not ended, gets a key.")
    licence = Licence.objects.newest_of(order)
    if licence is None and not order.product.issues_licence:
        raise ActionRefused("This product comes without a license key.")
    if replaces != (str(licence.pk) if licence else ""):
        return False
    Licence.objects.working().filter(order=order).update(revoked_at=timezone.now())
    record(action="shop.licence.reissued", about=_new_licence(order), actor=actor)
    mail_buyer(LICENCE_REISSUED, order)
    return True


def _new_licence(order: Order) -> Licence:
    return Licence.objects.create(order=order, key=new_licence_key())
