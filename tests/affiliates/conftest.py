"""PayPal for the affiliate program's tests: the local stand-in as a process, or nobody at all."""

from tests.shop.paypal_fixtures import no_pauses, paypal, paypal_down, paypal_process

__all__ = ["no_pauses", "paypal", "paypal_down", "paypal_process"]
