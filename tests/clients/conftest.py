"""PayPal for the clients' tests."""

from tests.shop.paypal_fixtures import paypal, paypal_down, paypal_process

__all__ = ["paypal", "paypal_down", "paypal_process"]
