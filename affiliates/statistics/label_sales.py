"""Sales by label, such that no figure ever tells which label one buyer's order came under (ADR 25).

Sales are counted in rounds. A round ends only after the sales of three more buyers, whatever their labels; then its
sales are parted into groups, one for each label with three buyers or more and one for all the rest, which has none or
also three. Each is added to its label as a whole. Whoever subtracts figures gets sums over whole groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from affiliates.models import Affiliate, Commission, Label, LabelSales, UncountedSale
from shop.models import Order

FEWEST = 3  # buyers in a group


class Sale(NamedTuple):
    commission_id: UUID
    was_seen: bool
    buyer: bytes | None  # None for all whose data was erased: at least one
    label_id: UUID | None
    sales_minor: int
    earned_minor: int


Groups = dict[UUID, list[Sale]]


def expect_sale(commission: Commission) -> None:
    """Notes a new sale of an affiliate who has labels: the others' sales have none."""
    if Label.objects.filter(affiliate=commission.attribution.affiliate_id).exists():
        UncountedSale.objects.get_or_create(commission=commission)


def count_label_sales() -> int:
    """Ends the rounds that can end. Returns how many sales were counted; safe to run twice at once."""
    unseen = UncountedSale.objects.filter(was_seen=False).order_by()
    rounds = unseen.values_list("commission__attribution__affiliate", "commission__currency").distinct()
    return sum(_count_round(affiliate, currency) for affiliate, currency in list(rounds))


@transaction.atomic
def _count_round(affiliate: UUID, currency: str) -> int:
    Affiliate.objects.select_for_update(of=("self",)).get(pk=affiliate)
    sales = _sales_of(affiliate, currency)
    if _buyers(sale for sale in sales if not sale.was_seen) < FEWEST:
        return 0
    rows = UncountedSale.objects.filter(pk__in=[sale.commission_id for sale in sales])
    shown, may_still_come = _groups(sales)
    if not shown and may_still_come:
        rows.update(was_seen=True)
        return 0
    for label_id, group in shown.items():
        _add(label_id, currency, group)
    rows.delete()
    return len(sales)


def _sales_of(affiliate: UUID, currency: str) -> list[Sale]:
    """Under no label: an order by code, or one whose visit is forgotten, or 30 days old."""
    waiting = Commission.objects.filter(
        uncounted__isnull=False, attribution__affiliate=affiliate, currency=currency
    ).select_related("attribution__order", "attribution__click", "uncounted")
    known, now = set(Label.objects.filter(affiliate=affiliate).values_list("pk", flat=True)), timezone.now()
    sales = []
    for one in waiting:
        click = one.attribution.click
        label = click.label_id if click is not None and click.expires_at > now else None
        earned = 0 if one.state == Commission.State.REJECTED else one.amount_minor
        sales.append(
            Sale(
                one.pk,
                one.uncounted.was_seen,
                _buyer_of(one.attribution.order),
                label if label in known else None,
                one.base_minor,
                earned,
            )
        )
    return sales


def _buyer_of(order: Order) -> bytes | None:
    """One name for each buyer, also while some of their orders are still indexed under an older key."""
    index: Any = Order._meta.get_field("email_index")
    return index.remade(order) if order.email else None


def _groups(sales: list[Sale]) -> tuple[Groups, bool]:
    """The labels that can be told of, each with its sales; and whether a label among the rest may still grow."""
    labels: Groups = defaultdict(list)
    for sale in sales:
        if sale.label_id is not None:
            labels[sale.label_id].append(sale)
    shown = {label: group for label, group in labels.items() if _buyers(group) >= FEWEST}
    while shown and 0 < _buyers(_rest(sales, shown)) < FEWEST:  # who subtracts would get one or two buyers
        del shown[min(shown, key=lambda label: (_buyers(shown[label]), label))]
    return shown, bool(labels)


def _rest(sales: list[Sale], shown: Groups) -> list[Sale]:
    return [sale for sale in sales if sale.label_id not in shown]


def _buyers(sales: Iterable[Sale]) -> int:
    return len({sale.buyer for sale in sales})


def _add(label_id: UUID, currency: str, group: list[Sale]) -> None:
    row, _ = LabelSales.objects.get_or_create(label_id=label_id, currency=currency)
    LabelSales.objects.filter(pk=row.pk).update(
        orders=F("orders") + len(group),
        sales_minor=F("sales_minor") + sum(sale.sales_minor for sale in group),
        earned_minor=F("earned_minor") + sum(sale.earned_minor for sale in group),
    )
