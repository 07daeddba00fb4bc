"""PayPal for these tests: the local stand-in as a process."""

from tests.shop.paypal_fixtures import paypal, paypal_process

__all__ = ["paypal", "paypal_process"]
