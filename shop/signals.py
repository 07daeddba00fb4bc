"""Signals for apps that depend on the shop, sent inside the transaction of the change.

`code_entered` and `payer_known` are sent without a change.
"""

from django.dispatch import Signal

# The buyer entered a code at checkout: `code`. A receiver that knows it returns True.
code_entered = Signal()

# An order was placed: `order`, `request` (the buyer's; None if staff recorded it), `code` (possibly empty),
# `discounts` (the `DiscountCode`s that it uses).
order_placed = Signal()

# A payment was captured: `payment`.
payment_captured = Signal()

# PayPal reported the payer: `payment`, `payer_email`. For comparison only, never stored. Sent before the payment is
# recorded.
payer_known = Signal()

# A refund or chargeback was completed: `payment`, `refund`.
payment_refunded = Signal()

# A refund was reverted (a canceled chargeback, a refund that failed late): `payment`, `refund`.
refund_reverted = Signal()

# The buyer requested a refund: `order`. A receiver that holds a commission until the answer returns True.
refund_requested = Signal()

# A refund request was declined, or all of the order refunded: `order`.
refund_request_closed = Signal()

# A dispute was opened: `payment`, `dispute`.
payment_disputed = Signal()

# A dispute was closed: `payment`, `dispute`. Sent after `payment_refunded` if it was lost.
dispute_closed = Signal()

# A webhook event for another app, such as payouts: `event_type`, `resource_id`.
paypal_event_received = Signal()
