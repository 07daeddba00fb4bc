"""How an order stands, as its buyer sees it: one name for each page section with its next step."""

from __future__ import annotations

from enum import StrEnum

from shop.models import Order, Payment


class Outcome(StrEnum):
    """Each is a template `shop/outcomes/<name>.html`."""

    PAID = "paid"
    PENDING = "pending"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    ASKING = "asking"  # PayPal knows more than we do, and we are finding out
    DECLINED = "declined"
    EXPIRED = "expired"
    OTHER_FUNDING = "other_funding"  # PayPal could not take the money this way
    CANCELLED = "cancelled"  # back from PayPal without having paid
    WAITING = "waiting"
    STARTING = "starting"  # another click is starting the payment at PayPal; the page leads there when it is
    UNAVAILABLE = "unavailable"  # PayPal does not answer

    @property
    def template(self) -> str:
        return f"shop/outcomes/{self.value}.html"


_BY_ORDER = {
    Order.State.PAID: Outcome.PAID,
    Order.State.PENDING: Outcome.PENDING,
    Order.State.PART_REFUNDED: Outcome.PART_REFUNDED,
    Order.State.REFUNDED: Outcome.REFUNDED,
}
_BY_PAYMENT = {
    Payment.State.CAPTURING: Outcome.ASKING,
    Payment.State.DECLINED: Outcome.DECLINED,
    Payment.State.EXPIRED: Outcome.EXPIRED,
}


def outcome_of(*, order: Order, payment: Payment | None, asking: bool = False, came_back: bool = False) -> Outcome:
    """`payment`: the newest attempt; `asking`: PayPal was just asked in vain; `came_back`: by PayPal's cancel link."""
    if order.state in _BY_ORDER:
        return _BY_ORDER[Order.State(order.state)]
    if asking:
        return Outcome.ASKING
    if payment and payment.state in _BY_PAYMENT:
        return _BY_PAYMENT[Payment.State(payment.state)]
    if payment and payment.approval > 1:
        return Outcome.OTHER_FUNDING
    return Outcome.CANCELLED if came_back else Outcome.WAITING
