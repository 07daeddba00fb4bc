"""Probes of orders and payments.

- `products`: sets up products; `buying`: a purchase; `paypal`: PayPal's side
- `cards`: card numbers and payer data; `orders`: a direct buyer; `after_buying`: buyers who come back;
  `refunds`: a buyer who requests a refund
"""

from . import after_buying, cards, orders, products, refunds  # noqa: F401  (importing registers them)
