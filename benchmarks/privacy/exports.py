"""One person's access archive, among ten thousand and among a million orders."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from benchmarks.timing import Ratio, median_seconds, sized
from privacy.requests.archive import build_archive
from shop.models import Order, Product

FEW, MANY = sized(10_000, 1000), sized(1_000_000, 10_000)
CAROL = "carol@example.org"


def _place_orders(product: Product, start: int, end: int) -> None:
    orders = (
        Order(
            reference=f"B{number}",
            product=product,
            product_name=product.name,
            amount_minor=5995,
            currency="USD",
            name="Somebody Else",
            email=f"person{number}@example.org",
        )
        for number in range(start, end)
    )
    Order.objects.bulk_create(orders, batch_size=5000)


def _export() -> None:
    assert b"PK" in build_archive(email=CAROL, now=timezone.now())  # noqa: S101


def measure() -> Iterator[Ratio]:
    product = Product.objects.create(slug="benchmark", name="BPS Pro", summary="", price_minor=5995)
    _place_orders(product, 0, FEW)
    Order.objects.filter(reference="B0").delete()
    Order.objects.create(
        reference="B0",
        product=product,
        product_name="BPS Pro",
        amount_minor=5995,
        currency="USD",
        name="C",
        email=CAROL,
    )
    few = median_seconds(_export)
    _place_orders(product, FEW, MANY)
    many = median_seconds(_export)
    yield Ratio(
        f"access archive of one person, {MANY:,} orders against {FEW:,}", many / few, 1.5, at_least=False,
        detail=f"{many * 1000:.1f} ms against {few * 1000:.1f} ms",
    )  # fmt: skip
