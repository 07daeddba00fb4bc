"""What the rehearsal tries with orders and payments.

- `products`: what is on sale; `buying`: how somebody buys; `paypal`: PayPal's side of it
"""

from . import products  # noqa: F401  (importing registers them)
