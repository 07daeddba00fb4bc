"""The orders of an accepted quote: when each can be paid, reminders of those that aren't, and what the pages say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from clients.mails import INSTALLMENT_DUE, INSTALLMENT_REMINDER
from clients.models import Installment, Quote
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import notify
from privacy.registry.deadlines import local_day
from shop.checkout.order_contents import ContentLine, OrderContents, order_contents
from shop.checkout.orders import make_due
from shop.models import Order
from shop.money import Money

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE = 200  # rows in one run of housekeeping


@dataclass(frozen=True)
class PaymentLine:
    """One installment on the page of its quote. `order` is None where the page must not lead to it."""

    installment: Installment
    order: Order | None

    @property
    def paid_on(self) -> date | None:
        """The day, in the business's time zone."""
        return local_day(self.order.paid_at) if self.order and self.order.paid_at else None

    @property
    def returned(self) -> Money | None:
        """What was refunded of the order; None if nothing was."""
        payments = self.order.payments.all() if self.order else []
        minor = sum(payment.refunded_minor for payment in payments)
        return Money(minor, self.installment.currency) if minor else None


def payments_of(quote: Quote) -> Iterator[PaymentLine]:
    """An order whose address staff corrected is no longer this page's: its new link goes to the new address only."""
    for installment in quote.installments.select_related("order").prefetch_related("order__payments"):
        order = installment.order
        yield PaymentLine(installment, order if order and order.email == quote.email else None)


@transaction.atomic
def make_installment_due(*, installment: Installment, now: datetime, actor: User | None) -> bool:
    """Lets the installment be paid, and mails the link. False if it can be already."""
    locked = Installment.objects.select_for_update(of=("self",)).select_related("order", "quote").get(pk=installment.pk)
    order = locked.order
    if order is None or not make_due(order=order, actor=actor):
        return False
    locked.released_at = now
    locked.save(update_fields=["released_at"])
    notify(INSTALLMENT_DUE, to=order.email, about=order)
    record(action="clients.installment.due", about=locked, actor=actor)
    return True


@transaction.atomic
def make_next_due(*, quote: Quote, now: datetime, actor: User) -> Installment:
    """Raises `ActionRefused`."""
    Quote.objects.select_for_update(of=("self",)).get(pk=quote.pk)
    installment: Installment | None = quote.next_planned
    if installment is None or not make_installment_due(installment=installment, now=now, actor=actor):
        raise ActionRefused("No installment waits for you.")
    return installment


def make_dated_installments_due(*, now: datetime) -> int:
    """Those whose day has come. Returns how many."""
    due = Installment.objects.filter(due_on__lte=local_day(now), order__state=Order.State.PLANNED)
    return sum(
        make_installment_due(installment=installment, now=now, actor=None)
        for installment in due.order_by("due_on")[:AT_ONCE]
    )


def remind_of_installments(*, now: datetime) -> int:
    """Mails the clients of unpaid installments: `QUOTE_REMINDER_DAYS` after the due date or the last reminder, at most
    `QUOTE_REMINDERS` times. Returns how many mails were queued."""
    unpaid = _to_remind(now).select_related("order", "quote").order_by("released_at")
    return sum(_remind(installment, now) for installment in unpaid[:AT_ONCE])


def _to_remind(now: datetime) -> Any:
    before = now - timedelta(days=settings.QUOTE_REMINDER_DAYS)
    waited = Q(reminded_at__lte=before) | Q(reminded_at=None, released_at__lte=before)
    return Installment.objects.filter(
        waited, reminders__lt=settings.QUOTE_REMINDERS, order__state=Order.State.OPEN, order__email_index__isnull=False
    )


@transaction.atomic
def _remind(installment: Installment, now: datetime) -> bool:
    """Queues one mail, in the transaction that counts it. A refused one counts too: the next isn't due before long."""
    same, order = _to_remind(now).filter(pk=installment.pk, reminders=installment.reminders), installment.order
    if order is None or not same.update(reminders=F("reminders") + 1, reminded_at=now):
        return False
    context = {"due_since": installment.due_day}
    return notify(INSTALLMENT_REMINDER, to=order.email, about=order, context=context)


@order_contents
def lines_of_quote(order: Order) -> OrderContents | None:
    """For the order page and the invoice. The lines of a deleted client say nothing any more."""
    if not order.product.is_service or order.is_erased:
        return None
    installment = Installment.objects.filter(order=order).select_related("quote").first()
    if installment is None or installment.quote.is_erased:
        return None
    quote = installment.quote
    return OrderContents(
        title=f"Quote {quote.number}",
        lines=[
            ContentLine(text=line.description or "", quantity=f"{line.quantity.normalize():f}", amount=line.amount)
            for line in quote.lines.all()
        ],
        total=quote.total,
        url=quote.get_absolute_url() if order.email == quote.email else "",
    )
