"""Links to orders, mailed again: to buyers who lost theirs, by staff, and to a corrected address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django_tasks import task

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.tokens import generate_token
from privacy.mail.sending import discard_queued_mail, notify, queue_mail
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose
from shop.mails import ORDER_LINKS, RECEIPT
from shop.models import License, Order, OrderLinksRequest

from .licenses import replace_license

if TYPE_CHECKING:
    from accounts.models import User

# Anybody can place unpaid orders with this address, so they never crowd out paid ones.
MOST_PAID, MOST_UNPAID = 200, 5


@transaction.atomic
def request_order_links(*, email: str) -> None:
    """Stores the typed address and enqueues a task that looks for orders, so every address takes the same time."""
    mail_order_links.enqueue(str(OrderLinksRequest.objects.create(email=email).pk))


@task()
@acts_for(Purpose.ORDER, audience=Audience.PERSON)
def mail_order_links(request_id: str) -> None:
    """Mails the links of the address's orders in one mail, to the stored address. Without orders, nothing is sent."""
    email = OrderLinksRequest.take(request_id)
    if email and (orders := _orders_of(email)):
        send_order_links(orders)


def _orders_of(email: str) -> list[Order]:
    """Newest first; paid ones before others."""
    orders = Order.objects.filter(email_index=email).order_by("-placed_at")
    received = orders.filter(Q(paid_at__isnull=False) | Q(former_shop__isnull=False))
    others = orders.filter(paid_at=None, former_shop__isnull=True)
    return [*received[:MOST_PAID], *others[:MOST_UNPAID]]


def send_order_links(orders: Sequence[Order]) -> bool:
    """Mails the links of orders that have the same address. Returns whether the mail may go."""
    return notify(ORDER_LINKS, to=orders[0].email, about=orders[0], context={"orders": [order_line(o) for o in orders]})


def order_line(order: Order) -> dict[str, object]:
    """What the mail says about an order; nothing that the buyer typed."""
    return {
        "reference": order.reference,
        "product": order.product_name,
        "placed_at": order.placed_at,
        "state": order.get_state_display(),
        "path": order.get_absolute_url(),
    }


@transaction.atomic
def send_receipt_again(*, order: Order, actor: User) -> None:
    """Mails the receipt to the stored address. Raises `MailRefused`."""
    queue_mail(RECEIPT, to=order.email, about=order, context={})
    record(action="shop.receipt.sent_again", about=order, actor=actor)


@transaction.atomic
def correct_address(*, order: Order, email: str, actor: User) -> bool:
    """Replaces a mistyped address. Whatever the wrong recipient was mailed stops working: the order's link, download
    links, the license key. Returns whether the new address may be mailed. Raises `ActionRefused`.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.is_erased:
        raise ActionRefused("The buyer's data was deleted, so there is no address to correct.")
    if order.email == email:
        raise ActionRefused("The order has this address already.")
    discard_queued_mail(about=order)
    order.email, order.link_token, order.release_notices_after = email, generate_token(), None
    order.save(update_fields=["email", "link_token", "release_notices_after"])
    record(action="shop.email_address.changed", about=order, actor=actor)
    mailed = notify(RECEIPT, to=email, about=order) if order.paid_at else send_order_links([order])
    if License.objects.working().filter(order=order).exists():
        replace_license(order=order, actor=actor)
    return mailed
