"""Sales per label, counted so that no statistic reveals the label of a single buyer's order (ADR 25).

Sales are counted in rounds. A round ends after sales to three more buyers, whatever their labels. It is then split into
one group per label with at least three buyers, and one for the rest, which has either none or at least three. Each
group is added to its label as a whole, so subtracting statistics only ever yields sums over whole groups.
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

FEWEST = 3  # buyers per group


class Sale(NamedTuple):
    commission_id: UUID
    was_seen: bool
    buyer: bytes | None  # None for every buyer whose data was erased: at least one
    label_id: UUID | None
    sales_minor: int
    earned_minor: int


Groups = dict[UUID, list[Sale]]


def queue_uncounted_sale(commission: Commission) -> None:
    """Queues a new sale for counting, if its affiliate has labels."""
    if Label.objects.filter(affiliate=commission.attribution.affiliate_id).exists():
        UncountedSale.objects.get_or_create(commission=commission)


def count_label_sales() -> int:
    """Ends every round that can end. Returns how many sales were counted; safe to run concurrently."""
    unseen = Commission.objects.filter(pk__in=UncountedSale.objects.filter(was_seen=False)).order_by()
    rounds = unseen.values_list("attribution__affiliate", "currency").distinct()
    return sum(_count_round(affiliate, currency) for affiliate, currency in list(rounds))


@transaction.atomic
def _count_round(affiliate: UUID, currency: str) -> int:
    Affiliate.objects.select_for_update(of=("self",)).get(pk=affiliate)
    sales = _uncounted_sales(affiliate, currency)
    if _buyer_count(sale for sale in sales if not sale.was_seen) < FEWEST:
        return 0
    rows = UncountedSale.objects.filter(pk__in=[sale.commission_id for sale in sales])
    shown, may_still_come = _countable_groups(sales)
    if not shown and may_still_come:
        rows.update(was_seen=True)
        return 0
    for label_id, group in shown.items():
        _add_to_label(label_id, currency, group)
    rows.delete()
    return len(sales)


def _uncounted_sales(affiliate: UUID, currency: str) -> list[Sale]:
    """The affiliate's uncounted sales. Orders by code, and visits that were forgotten or are 30 days old, have no
    label."""
    queued = Commission.objects.filter(pk__in=UncountedSale.objects.all(), currency=currency)
    waiting = queued.among_these_of(affiliate).select_related("attribution__order", "attribution__click", "uncounted")
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
    """One value per buyer, even while some of their orders are indexed under an older key."""
    index: Any = Order._meta.get_field("email_index")
    return index.reencrypted(order) if order.email else None


def _countable_groups(sales: list[Sale]) -> tuple[Groups, bool]:
    """The labels that can be counted, each with its sales; and whether another label may still become countable."""
    labels: Groups = defaultdict(list)
    for sale in sales:
        if sale.label_id is not None:
            labels[sale.label_id].append(sale)
    shown = {label: group for label, group in labels.items() if _buyer_count(group) >= FEWEST}
    while (
        shown and 0 < _buyer_count(_remaining_sales(sales, shown)) < FEWEST
    ):  # subtracting would reveal one or two buyers
        del shown[min(shown, key=lambda label: (_buyer_count(shown[label]), label))]
    return shown, bool(labels)


def _remaining_sales(sales: list[Sale], shown: Groups) -> list[Sale]:
    return [sale for sale in sales if sale.label_id not in shown]


def _buyer_count(sales: Iterable[Sale]) -> int:
    return len({sale.buyer for sale in sales})


def _add_to_label(label_id: UUID, currency: str, group: list[Sale]) -> None:
    row, _ = LabelSales.objects.get_or_create(label_id=label_id, currency=currency)
    LabelSales.objects.filter(pk=row.pk).update(
        orders=F("orders") + len(group),
        sales_minor=F("sales_minor") + sum(sale.sales_minor for sale in group),
        earned_minor=F("earned_minor") + sum(sale.earned_minor for sale in group),
    )
