"""PayPal for the shop's tests: the stand-in as a process, or nothing at all."""

from .paypal_fixtures import paypal, paypal_down, paypal_process
from .webhook_messages import receiver, told

__all__ = ["paypal", "paypal_down", "paypal_process", "receiver", "told"]
