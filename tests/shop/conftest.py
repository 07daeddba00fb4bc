"""PayPal for the shop's tests: the local stand-in as a process, or nobody at all."""

from tests.shop.messages import receiver, told
from tests.shop.paypal_here import no_pauses, paypal, paypal_down, paypal_process

__all__ = ["no_pauses", "paypal", "paypal_down", "paypal_process", "receiver", "told"]
