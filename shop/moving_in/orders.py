"""Takes over the paid orders of a former shop, with their license keys.

An order keeps its number behind the shop's prefix (`EDD-1043`), which is unique, so it moves in once however often the
file is run. It has no payment here: the reports count what this shop received, and refunds are made where it was paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.text import slugify

from privacy.audit.trail import record
from privacy.encryption.bulk_insert import insert_rows
from privacy.encryption.validators import has_card_number
from privacy.registry.declarations import PersonalData, declaration_for
from shop.delivery.license_keys import SHORTEST_KEY
from shop.models import License, Order, Product
from shop.money import Money

from .batches import Checked, stored_among
from .cells import CellRefused, NotTaken, email_in, line_in, moment_in, money_in
from .export_file import FirstLines, Problem
from .shops import Shop

_NUMBER = re.compile(r"[A-Z0-9-]{1,15}")
_IN_LINE_ITEM = re.compile(r"(?:^|\|)name:([^|]*)")  # WooCommerce: `name:Guard|product_id:7|quantity:1`
_KEY = re.compile(rf"[!-~]{{{SHORTEST_KEY},100}}")
NOT_PAID = "not paid, or refunded"
TOO_OLD = "older than our privacy policy keeps orders"


@dataclass(frozen=True, kw_only=True)
class MovingOrder:
    line: int
    reference: str
    product: Product
    name: str
    email: str
    amount: Money
    placed_at: datetime
    key: str


class OrderImporter:
    """`product` is for every order, whatever the file says was bought."""

    def __init__(self, shop: Shop, *, product: Product | None, currency: str, decimal_comma: bool) -> None:
        self.shop, self.product, self.currency, self.decimal_comma = shop, product, currency, decimal_comma
        known = list(Product.objects.filter(is_service=False))
        self.products = {each.slug: each for each in known} | {slugify(each.name): each for each in known}
        orders = declaration_for(Order._meta.db_table)
        assert isinstance(orders, PersonalData)  # noqa: S101
        self.now = timezone.now()
        self.oldest = self.now - timedelta(days=orders.retention.days)

    def read(self, line: int, cells: Mapping[str, str], seen: FirstLines) -> MovingOrder:
        """Raises `CellRefused` or `NotTaken`."""
        given = self.shop.orders.pick(cells)
        reference = reference_of(self.shop, given["id"])
        if earlier := seen.earlier("order", reference, line=line):
            raise CellRefused(f"id: the same as in line {earlier}")
        if given["state"].lower() not in self.shop.paid:
            raise NotTaken(NOT_PAID)
        placed_at = moment_in(given["placed_at"], "date", now=self.now)
        if placed_at <= self.oldest:
            raise NotTaken(TOO_OLD)
        key = key_in(given["key"])
        if key and (earlier := seen.earlier("key", key, line=line)):
            raise CellRefused(f"license key: the same as in line {earlier}")
        name = line_in(f"{given['first_name']} {given['last_name']}".strip() or given["name"], "name", longest=150)
        currency = given["currency"].upper() or self.currency
        return MovingOrder(
            line=line,
            reference=reference,
            product=self._product(given["products"], given["further_product"]),
            name=name or "Customer",
            email=email_in(given["email"], "email"),
            amount=money_in(given["amount"], "amount", currency=currency, decimal_comma=self.decimal_comma),
            placed_at=placed_at,
            key=key,
        )

    def _product(self, bought: str, further: str) -> Product:
        if self.product:
            return self.product
        if further or " / " in bought:  # as Easy Digital Downloads separates them
            raise CellRefused("products: more than one; an order here has one product, so choose it with --product")
        in_line_item = _IN_LINE_ITEM.search(bought)
        name = in_line_item[1] if in_line_item else bought
        for text in (name, name.partition(" - ")[0]):  # behind it come the price option and the price
            if found := self.products.get(slugify(text)):
                return found
        raise CellRefused("products: not the name of a product here; add it, or choose one with --product")

    def check(self, rows: Sequence[MovingOrder]) -> Checked[MovingOrder]:
        checked = Checked[MovingOrder]()
        references = [row.reference for row in rows]
        here = set(Order.objects.filter(reference__in=references).values_list("reference", flat=True))
        keys = stored_among(License.objects.all(), "key_index", {row.key for row in rows if row.key})
        for row in rows:
            if row.reference in here:
                checked.here += 1
            elif row.key in keys:
                checked.problems.append(Problem(row.line, "license key: another order here has it"))
            else:
                checked.new.append(row)
        return checked

    def store(self, rows: Sequence[MovingOrder]) -> None:
        orders = [self._order(row) for row in rows]
        insert_rows(orders)
        insert_rows(
            License(order=order, key=row.key, issued_at=row.placed_at)
            for row, order in zip(rows, orders, strict=True)
            if row.key
        )
        record(action="shop.order.moved_in", about=Order, actor=None)

    def _order(self, row: MovingOrder) -> Order:
        return Order(
            reference=row.reference,
            product=row.product,
            product_name=row.product.name,
            amount_minor=row.amount.minor,
            currency=row.amount.currency,
            name=row.name,
            email=row.email,
            state=Order.State.PAID,
            placed_at=row.placed_at,
            former_shop=self.shop.name,
            move_notice_due=True,
        )


@dataclass(frozen=True, kw_only=True)
class MovingLicense:
    line: int
    reference: str
    key: str


class LicenseImporter:
    """License keys in a file of their own, for orders that have moved in before."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def read(self, line: int, cells: Mapping[str, str], seen: FirstLines) -> MovingLicense:
        """Raises `CellRefused` or `NotTaken`."""
        given = self.shop.licenses.pick(cells)
        if given["state"].lower() in {"disabled", "expired", "revoked"}:
            raise NotTaken("disabled or expired")
        reference, key = reference_of(self.shop, given["order"]), key_in(given["key"])
        if not key:
            raise CellRefused("license key: missing")
        for what, value in (("license key", key), ("order", reference)):
            if earlier := seen.earlier(what, value, line=line):
                raise CellRefused(f"{what}: the same as in line {earlier}; an order here has one key")
        return MovingLicense(line=line, reference=reference, key=key)

    def check(self, rows: Sequence[MovingLicense]) -> Checked[MovingLicense]:
        checked = Checked[MovingLicense]()
        orders = self._orders(rows)
        licensed = dict(
            License.objects.working().filter(order__in=orders.values()).values_list("order__reference", "key_index")
        )
        index = License._meta.get_field("key_index")
        keys = stored_among(License.objects.all(), "key_index", {row.key for row in rows})
        for row in rows:
            if row.reference not in orders:
                checked.problems.append(Problem(row.line, "order: has not moved in"))
            elif row.reference in licensed:
                if bytes(licensed[row.reference]) in map(bytes, index.candidates(row.key)):
                    checked.here += 1
                else:
                    checked.problems.append(Problem(row.line, "license key: its order has another key here"))
            elif row.key in keys:
                checked.problems.append(Problem(row.line, "license key: another order here has it"))
            else:
                checked.new.append(row)
        return checked

    def store(self, rows: Sequence[MovingLicense]) -> None:
        orders = self._orders(rows)
        insert_rows(
            License(order=orders[row.reference], key=row.key, issued_at=orders[row.reference].placed_at) for row in rows
        )
        record(action="shop.license.moved_in", about=License, actor=None)

    @staticmethod
    def _orders(rows: Sequence[MovingLicense]) -> dict[str, Order]:
        """The orders that moved in and are delivered, by their number."""
        found = Order.objects.filter(Order.DELIVERED_NOW, reference__in=[row.reference for row in rows])
        moved = found.filter(former_shop__isnull=False).only("pk", "reference", "placed_at")
        return {order.reference: order for order in moved}


def reference_of(shop: Shop, number: str) -> str:
    """The number that the order has here. Raises `CellRefused`."""
    text = number.lstrip("#").upper()
    if not _NUMBER.fullmatch(text) or has_card_number(text):
        raise CellRefused("id: missing" if not text else "id: not up to 15 letters, digits and hyphens")
    return f"{shop.prefix}-{text}"


def key_in(cell: str) -> str:
    """The license key, exactly as it is; empty without one. Raises `CellRefused`."""
    if not cell:
        return ""
    if len(cell.split()) > 1 or {",", ";"} & set(cell):
        raise CellRefused("license key: more than one; an order here has one key")
    if not _KEY.fullmatch(cell):
        raise CellRefused(f"license key: not {SHORTEST_KEY} to 100 letters, digits and signs")
    return cell
