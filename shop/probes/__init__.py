"""What the rehearsal tries with orders and payments.

- `products`: what is on sale; `buying`: how somebody buys; `paypal`: PayPal's side of it
- `cards`: the number of a card, and who paid; `orders`: somebody who buys without a link
"""

from . import cards, orders, products  # noqa: F401  (importing registers them)
