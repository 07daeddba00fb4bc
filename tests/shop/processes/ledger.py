"""Prints the orders in the site's database as JSON: `python -m tests.shop.processes.ledger`."""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    django.setup()
    from affiliates.models import Commission
    from privacy.models import OutgoingMail
    from shop.models import Order

    orders = [
        {
            "email": order.email,
            "path": order.get_absolute_url(),
            "state": order.state,
            "problems": [payment.problem for payment in order.payments.all() if payment.problem],
            "captures": [payment.capture_id for payment in order.payments.all() if payment.capture_id],
            "receipts": OutgoingMail.objects.filter(kind="shop/receipt", about_id=str(order.pk)).count(),
            "commissions": Commission.objects.filter(attribution__order=order).count(),
        }
        for order in Order.objects.all()
    ]
    json.dump(orders, sys.stdout)


if __name__ == "__main__":
    main()
