"""Dates all payments back by three minutes, so that abandoned claims expire."""

from __future__ import annotations

from datetime import timedelta

import django
from django.db.models import F


def main() -> None:
    django.setup()
    from shop.models import Payment

    Payment.objects.update(changed_at=F("changed_at") - timedelta(minutes=3))


if __name__ == "__main__":
    main()
