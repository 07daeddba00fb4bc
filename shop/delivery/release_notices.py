"""Email about new versions, for buyers who asked for it on their order page. Each release is announced to each of them
once, however often staff withdraw and publish it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from privacy.audit.trail import record
from privacy.consent.contact_permission import may_contact
from privacy.mail.sending import notify
from privacy.registry.policy_gate import purpose_is_open
from privacy.registry.purposes import Channel, Purpose
from shop.mails import RELEASE_PUBLISHED
from shop.models import Order, Product, ProductFile

AT_ONCE = 200  # mails in one run of housekeeping


@transaction.atomic
def set_release_notices(*, order: Order, wanted: bool, now: datetime) -> None:
    """The buyer's choice on the order page. Has no effect on an order whose buyer was deleted."""
    chosen = Order.objects.filter(pk=order.pk, email_index__isnull=False, release_notices_after__isnull=wanted)
    if chosen.update(release_notices_after=now if wanted else None):
        record(action=f"shop.release_notices.{'on' if wanted else 'off'}", about=order, actor=None)


def are_possible(order: Order) -> bool:
    """Whether the order page offers them."""
    return order.is_delivered and not order.is_erased and purpose_is_open(Purpose.RELEASE_NEWS)


def has_opted_out(order: Order) -> bool:
    """Whether the person opted out of them by a link in a mail, which the order page can't undo."""
    permission = may_contact(
        channel=Channel.EMAIL,
        purpose=Purpose.RELEASE_NEWS,
        email=order.email,
        given_at=order.placed_at,
    )
    return not permission


def mail_release_notices(*, now: datetime) -> int:
    """Announces the newest release of each product, of those that staff want announced. Returns how many mails were
    queued."""
    if not purpose_is_open(Purpose.RELEASE_NEWS):
        return 0
    ProductFile.objects.filter(announced_at=None, is_announced=True, released_at__lte=now).update(announced_at=now)
    waiting = ((order, release) for release in _newest(now) for order in _uninformed(release)[:AT_ONCE])
    return sum(_announce(order, release) for order, release in islice(waiting, AT_ONCE))


def people_who_asked(product: Product) -> int:
    """How many people asked for notices about this product, whatever they have unsubscribed from since."""
    asked = _delivered().filter(product=product, release_notices_after__isnull=False)
    return asked.values("email_index").distinct().count()


def _delivered() -> QuerySet[Order]:
    return Order.objects.filter(Order.DELIVERED_NOW, email_index__isnull=False)


def _newest(now: datetime) -> Iterable[ProductFile]:
    """The newest announced release of each product."""
    newest: dict[UUID, ProductFile] = {}
    for release in ProductFile.objects.released(now).filter(announced_at__isnull=False):
        newest.setdefault(release.product_id, release)
    return newest.values()


def _uninformed(release: ProductFile) -> QuerySet[Order]:
    """Orders whose buyers asked, and don't know this release yet. Reads the columns of this purpose only."""
    asked = _delivered().filter(product=release.product_id, release_notices_after__lt=release.announced_at)
    columns = ("product_id", "product_name", "reference", "email", "email_index", "state", "placed_at")
    return asked.order_by("release_notices_after").only(*columns, "release_notices_after")


@transaction.atomic
def _announce(order: Order, release: ProductFile) -> bool:
    """Queues one mail, in the transaction that notes the buyer as informed."""
    uninformed = Order.objects.filter(pk=order.pk, release_notices_after=order.release_notices_after)
    if not uninformed.update(release_notices_after=release.announced_at):
        return False
    return notify(RELEASE_PUBLISHED, to=order.email, about=order, context={"release": release})
