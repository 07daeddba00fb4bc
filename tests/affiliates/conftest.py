"""PayPal for these tests: the local stand-in as a process, or no PayPal at all."""

from tests.shop.paypal_fixtures import paypal, paypal_down, paypal_process

__all__ = ["paypal", "paypal_down", "paypal_process"]
