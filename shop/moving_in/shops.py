"""The exports of other shops: their headings, and which orders are paid. docs/moving-in.md lists them for operators."""

from __future__ import annotations

from dataclasses import dataclass

from .cells import Columns

_NAME = {"first_name": ("first name", "billing first name"), "last_name": ("last name", "billing last name")}
# License managers add the key to the export of orders, or have one of their own with the number of the order.
_KEY = ("license key", "license keys", "license", "licence key")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """`prefix` begins the numbers that its orders get here. `paid` are the states, in small letters, of an order that
    was paid and not refunded since."""

    name: str
    prefix: str
    orders: Columns
    licenses: Columns
    paid: frozenset[str]


_LICENSES = Columns(
    {
        "key": _KEY,
        "order": ("payment id", "initial payment id", "order id", "order", "id"),
        "state": ("status", "license status", "state"),
    },
    required=frozenset({"key", "order"}),
)

SHOPS = {
    "edd": Shop(
        name="Easy Digital Downloads",
        prefix="EDD",
        orders=Columns(
            {
                **_NAME,
                "id": ("id",),
                "name": ("customer", "name"),
                "email": ("email",),
                "products": ("products",),
                "further_product": (),
                "currency": ("currency",),
                "amount": ("amount",),
                "placed_at": ("date",),
                "state": ("status",),
                "key": _KEY,
            },
            required=frozenset({"id", "email", "amount", "placed_at", "state"}),
        ),
        licenses=_LICENSES,
        paid=frozenset({"complete", "completed", "publish", "partially refunded", "partially_refunded"}),
    ),
    "woocommerce": Shop(
        name="WooCommerce",
        prefix="WOO",
        orders=Columns(
            {
                **_NAME,
                "id": ("order id",),
                "name": ("customer", "billing name"),
                "email": ("billing email", "customer email"),
                "products": ("line item 1", "line items", "product name"),
                "further_product": ("line item 2",),
                "currency": ("order currency", "currency"),
                "amount": ("order total", "total"),
                "placed_at": ("order date", "date", "date created"),
                "state": ("status", "order status"),
                "key": _KEY,
            },
            required=frozenset({"id", "email", "amount", "placed_at", "state"}),
        ),
        licenses=_LICENSES,
        paid=frozenset({"completed", "processing", "wc-completed", "wc-processing"}),
    ),
    "csv": Shop(
        name="our former shop",
        prefix="OLD",
        orders=Columns(
            {
                "first_name": (),
                "last_name": (),
                "id": ("id",),
                "name": ("name",),
                "email": ("email",),
                "products": ("product",),
                "further_product": (),
                "currency": ("currency",),
                "amount": ("amount",),
                "placed_at": ("placed at",),
                "state": ("state",),
                "key": _KEY,
            },
            required=frozenset({"id", "email", "amount", "placed_at", "state"}),
        ),
        licenses=_LICENSES,
        paid=frozenset({"paid"}),
    ),
}
