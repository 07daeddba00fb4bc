"""The order status that the buyer sees, each with its own page section."""

from __future__ import annotations

from enum import StrEnum

from shop.models import Order, Payment


class OrderOutcome(StrEnum):
    """Each has a template `shop/outcomes/<name>.html`."""

    PAID = "paid"
    PENDING = "pending"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    PLANNED = "planned"  # an installment that isn't due yet
    REFUND_REQUESTED = "refund_requested"  # of a paid order, until it is answered
    DISPUTED = "disputed"  # a paid order, while PayPal decides
    ASKING = "asking"  # the capture's outcome is unknown; PayPal is being asked
    DECLINED = "declined"
    EXPIRED = "expired"
    OTHER_FUNDING = "other_funding"  # PayPal asked for another payment method
    CANCELLED = "cancelled"  # returned from PayPal without paying
    WAITING = "waiting"
    STARTING = "starting"  # another click is starting the payment; the page redirects when it has
    DISCOUNT_ENDED = "discount_ended"  # not paid, and its discount code can't be used any more
    DISCOUNT_HELD = "discount_held"  # not paid, and the buyer's network holds too many places of its discount code
    UNAVAILABLE = "unavailable"  # PayPal can't be reached

    @property
    def template(self) -> str:
        return f"shop/outcomes/{self.value}.html"


# The page offers to pay.
PAYABLE = frozenset(
    {
        *(OrderOutcome.DECLINED, OrderOutcome.EXPIRED, OrderOutcome.OTHER_FUNDING),
        *(OrderOutcome.CANCELLED, OrderOutcome.WAITING),
    }
)
_BY_ORDER = {
    Order.State.PLANNED: OrderOutcome.PLANNED,
    Order.State.PAID: OrderOutcome.PAID,
    Order.State.PENDING: OrderOutcome.PENDING,
    Order.State.PART_REFUNDED: OrderOutcome.PART_REFUNDED,
    Order.State.REFUNDED: OrderOutcome.REFUNDED,
}
_BY_PAYMENT = {
    Payment.State.CAPTURING: OrderOutcome.ASKING,
    Payment.State.DECLINED: OrderOutcome.DECLINED,
    Payment.State.EXPIRED: OrderOutcome.EXPIRED,
}


def outcome_of(*, order: Order, payment: Payment | None, asking: bool = False, came_back: bool = False) -> OrderOutcome:
    """`payment` is the latest attempt; `asking`: PayPal was just asked without result; `came_back`: through PayPal's
    cancel link."""
    if order.state in _BY_ORDER:
        return _BY_ORDER[Order.State(order.state)]
    if asking:
        return OrderOutcome.ASKING
    if payment and payment.state in _BY_PAYMENT:
        return _BY_PAYMENT[Payment.State(payment.state)]
    if payment and payment.approval > 1:
        return OrderOutcome.OTHER_FUNDING
    return OrderOutcome.CANCELLED if came_back else OrderOutcome.WAITING
