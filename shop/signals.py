"""News for the floors above, sent inside the transaction of the change it tells of.

All but `code_entered` and `payer_known`, which tell of no change.
"""

from django.dispatch import Signal

# The buyer typed a code at checkout: `code`. A receiver that knows it answers True.
code_entered = Signal()

# An order was placed: `order`, `request` (the buyer's), `code` (possibly empty).
order_placed = Signal()

# Money arrived: `payment`.
payment_captured = Signal()

# PayPal told who pays: `payment`, `payer_email`. For comparing; it is stored nowhere. Sent before the money is booked.
payer_known = Signal()

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
