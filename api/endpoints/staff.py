"""What staff may read with a token: the lists of the admin that their role has, without what they don't need.

Sealed columns are opened for the scopes that name them, and not even selected for others. Each answer that shows
something new is in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet

from affiliates.models import Commission, PayoutItem
from api.scopes import Scope
from shop.models import License, Order
from shop.money import Money as Amount

from .base import ListEndpoint

ORDER: tuple[str, ...] = ("reference", "product_name", "amount_minor", "discount_minor", "discount_codes", "currency")
ORDER += ("tax_name", "tax_percent", "state", "placed_at", "paid_at")


class StaffListEndpoint(ListEndpoint):
    """In the order in which the rows were stored, newest first, which costs the same on each page."""

    order = ("pk",)
    adds: ClassVar[Scope | None] = None  # the scope that adds columns

    @property
    def is_full(self) -> bool:
        return self.adds is not None and self.token.may_read(self.adds)


@dataclass(frozen=True)
class StaffOrder:
    reference: Annotated[str, "Its number, as on the receipt."]
    product: Annotated[str, "The product's name when it was ordered."]
    amount: Annotated[Amount, "What is to be paid, after the discount."]
    discount: Annotated[Amount, "What discount codes took off."]
    discount_codes: Annotated[str, "The codes, joined by +."]
    tax: Annotated[str, "The tax that the amount includes, such as VAT 20%; empty without one."]
    state: Annotated[str, f"One of: {', '.join(Order.State.values)}."]
    placed_at: Annotated[datetime, "In UTC."]
    paid_at: Annotated[datetime | None, "In UTC; null until it is paid."]
    buyer_name: Annotated[str | None, f"With the scope {Scope.BUYERS} alone; null after a deletion."]
    buyer_email: Annotated[str | None, f"With the scope {Scope.BUYERS} alone; null after a deletion."]


class OrdersEndpoint(StaffListEndpoint):
    name, path, scope = "staff_orders", "staff/orders", Scope.ORDERS
    adds = Scope.BUYERS
    summary = "Orders, newest first"
    answers = StaffOrder
    audited = Order

    def rows(self) -> QuerySet[Any]:
        return Order.objects.only(*ORDER, *(("name", "email") if self.is_full else ()))

    def describe(self, row: Order) -> StaffOrder:
        tax = f"{row.tax_name} {row.tax_percent.normalize():f}%" if row.tax_percent else ""
        buyer = (row.name, row.email) if self.is_full else (None, None)
        sums = (row.total, row.discount, row.discount_codes, tax)
        return StaffOrder(row.reference, row.product_name, *sums, row.state, row.placed_at, row.paid_at, *buyer)


@dataclass(frozen=True)
class StaffLicense:
    order: Annotated[str, "The reference of its order."]
    issued_at: Annotated[datetime, "In UTC."]
    revoked_at: Annotated[datetime | None, "In UTC; null while it is active."]
    key: Annotated[str | None, f"With the scope {Scope.LICENSE_KEYS} alone."]


class LicensesEndpoint(StaffListEndpoint):
    name, path, scope = "staff_licenses", "staff/licenses", Scope.LICENSES
    adds = Scope.LICENSE_KEYS
    summary = "Licenses, newest first"
    answers = StaffLicense
    audited = License

    def rows(self) -> QuerySet[Any]:
        columns = ("issued_at", "revoked_at", "order__reference", *(("key",) if self.is_full else ()))
        return License.objects.select_related("order").only(*columns)

    def describe(self, row: License) -> StaffLicense:
        return StaffLicense(row.order.reference, row.issued_at, row.revoked_at, row.key if self.is_full else None)


@dataclass(frozen=True)
class StaffCommission:
    number: Annotated[str, "Its number, as the affiliate knows it."]
    order: Annotated[str, "The reference of its order."]
    affiliate: Annotated[str, "The affiliate's code."]
    base: Annotated[Amount, "What the commission is calculated from."]
    commission: Annotated[Amount, "The commission when the order was paid."]
    reversed: Annotated[Amount, "What refunds took back of it."]
    state: Annotated[str, f"One of: {', '.join(Commission.State.values)}."]
    created_at: Annotated[datetime, "In UTC."]
    approved_at: Annotated[datetime | None, "In UTC."]
    paid_at: Annotated[datetime | None, "In UTC."]


class StaffCommissionsEndpoint(StaffListEndpoint):
    name, path, scope = "staff_commissions", "staff/commissions", Scope.COMMISSIONS
    summary = "Commissions of all affiliates, newest first"
    answers = StaffCommission
    audited = Commission

    def rows(self) -> QuerySet[Any]:
        own = ("number", "base_minor", "amount_minor", "reversed_minor", "currency", "state")
        times = ("created_at", "approved_at", "paid_at")
        others = ("attribution__order__reference", "attribution__affiliate__code")
        joined = Commission.objects.select_related("attribution__order", "attribution__affiliate")
        return joined.only(*own, *times, *others)

    def describe(self, row: Commission) -> StaffCommission:
        order, code = row.attribution.order.reference, row.attribution.affiliate.code
        amounts = (row.base, row.total, row.total - row.remaining)
        times = (row.created_at, row.approved_at, row.paid_at)
        return StaffCommission(row.number, order, code, *amounts, row.state, *times)


@dataclass(frozen=True)
class StaffPayout:
    id: Annotated[UUID, "Its id, as in the admin."]
    run: Annotated[UUID, "The id of its payout run."]
    affiliate: Annotated[str, "The affiliate's code."]
    amount: Annotated[Amount, "What was or will be paid."]
    state: Annotated[str, f"One of: {', '.join(PayoutItem.State.values)}."]
    created_at: Annotated[datetime, "In UTC."]
    settled_at: Annotated[datetime | None, "When it arrived or was returned, in UTC."]


class StaffPayoutsEndpoint(StaffListEndpoint):
    name, path, scope = "staff_payouts", "staff/payouts", Scope.PAYOUTS
    summary = "Payouts to all affiliates, newest first"
    answers = StaffPayout
    audited = PayoutItem

    def rows(self) -> QuerySet[Any]:
        own = ("run_id", "amount_minor", "currency", "state", "created_at", "settled_at")
        return PayoutItem.objects.select_related("affiliate").only(*own, "affiliate__code")

    def describe(self, row: PayoutItem) -> StaffPayout:
        times = (row.created_at, row.settled_at)
        return StaffPayout(row.pk, row.run_id, row.affiliate.code, row.total, row.state, *times)
