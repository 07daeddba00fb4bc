"""News for the floors above. All but the first are sent inside the transaction of the change they tell of."""

from django.dispatch import Signal

# The buyer typed a code at checkout: `code`. A receiver that knows it answers True.
code_entered = Signal()

# An order was placed: `order`, `request` (the buyer's), `code` (possibly empty).
order_placed = Signal()

# Money arrived: `payment`.
payment_captured = Signal()

# Money went back: `payment`, `refund`.
payment_refunded = Signal()

# Money that went back came home again (a chargeback cancelled, a refund that failed late): `payment`, `refund`.
payment_restored = Signal()

# A buyer, or the bank, disputes a payment: `payment`, `dispute`.
payment_disputed = Signal()

# A dispute ended: `payment`, `dispute`. Money it took back was told of by `payment_refunded` before.
dispute_closed = Signal()

# PayPal told of something that is not the shop's: `event_type`, `resource_id`.
paypal_event_received = Signal()
