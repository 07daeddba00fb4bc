"""Changes of a balance by hand: bonuses, corrections, and sales outside the shop with their reversals.

One member of staff prepares, another one books: that writes the ledger entry. Where nobody else may book, it is booked
at once, and the audit log says that one person decided alone.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from affiliates.models import Adjustment, Affiliate, Commission, LedgerEntry, calculate_commission
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.four_eyes import colleagues_who_may
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from privacy.registry.deadlines import business_zone, local_day
from shop.models import Product
from shop.money import Money

from .rates import applied_rate

if TYPE_CHECKING:
    from accounts.models import User

PERMISSION = "affiliates.add_ledgerentry"  # to prepare and to book
Kind = Adjustment.Kind
State = Adjustment.State


def adjust_ledger(
    *,
    affiliate: Affiliate,
    amount: Money,
    reason: str,
    actor: User,
    kind: str = Kind.CORRECTION,
    commission: Commission | None = None,
) -> Adjustment:
    """A bonus, or a correction, which may be negative. Raises `ActionRefused`."""
    if amount.minor == 0:
        raise ActionRefused("Enter a non-zero amount.")
    if kind == Kind.BONUS and amount.minor < 0:
        raise ActionRefused("A bonus is positive. Choose a correction to debit an amount.")
    if commission and (commission.affiliate.pk, commission.currency) != (affiliate.pk, amount.currency):
        raise ActionRefused("This commission belongs to another affiliate, or is in another currency.")
    return _prepare(affiliate, amount, reason, actor, kind=kind, commission=commission)


def credit_outside_sale(
    *, affiliate: Affiliate, product: Product, base: Money, sold_on: date, reference: str, reason: str, actor: User
) -> Adjustment:
    """The commission on a sale that was not made in the shop, by the rate of its day. `reference` is its number in the
    bookkeeping, which is credited once. Raises `ActionRefused`."""
    if sold_on > local_day(timezone.now()):
        raise ActionRefused("This day is in the future.")
    if sold_on < local_day(affiliate.joined_at):
        raise ActionRefused("The affiliate had not joined by this day.")
    if not affiliate.is_active:
        raise ActionRefused(f"This account is {affiliate.get_state_display()}, so it earns nothing.")
    if not reference.strip():
        raise ActionRefused("Enter the number of the sale in your bookkeeping, so that it is credited once.")
    if base.minor <= 0:
        raise ActionRefused("Enter an amount above zero.")
    moment = min(datetime.combine(sold_on, time(12), business_zone()), timezone.now())
    applied = applied_rate(affiliate=affiliate, product=product, currency=base.currency, moment=moment)
    amount = calculate_commission(base, percent=applied.percent, flat_minor=applied.flat_minor)
    if amount.minor == 0:
        raise ActionRefused(f"At a rate of {applied.terms}, this sale earns nothing.")
    return _prepare(
        affiliate,
        amount,
        reason,
        actor,
        kind=Kind.SALE,
        product=product,
        base_minor=base.minor,
        rate=None if applied.is_default else applied.rate,
        step=applied.step,
        step_sales=applied.sales,
        rate_percent=applied.percent,
        rate_flat_minor=applied.flat_minor,
        sold_on=sold_on,
        reference="".join(reference.split())[:64],
    )


@transaction.atomic
def reverse_outside_sale(*, adjustment: Adjustment, refunded: Money, reason: str, actor: User) -> Adjustment:
    """Reverses the refunded share of a booked sale: of all refunds so far, rounded once, less what was reversed before,
    as for sales of the shop. Raises `ActionRefused`."""
    sale = Adjustment.objects.select_for_update(of=("self",)).select_related("affiliate__user").get(pk=adjustment.pk)
    if sale.kind != Kind.SALE or sale.state != State.BOOKED or sale.base is None:
        raise ActionRefused("Only a booked sale outside the shop can be reversed.")
    if sale.reversals.waiting().exists():
        raise ActionRefused("Another reversal of this sale is waiting for a second person.")
    if refunded.currency != sale.currency or refunded.minor <= 0:
        raise ActionRefused(f"Enter an amount in {sale.currency} above zero.")
    earlier = sale.reversals.booked().aggregate(base=Sum("base_minor"), amount=Sum("amount_minor"))
    back = Money((earlier["base"] or 0) + refunded.minor, sale.currency)
    if back > sale.base:
        left = sale.base - (back - refunded)
        raise ActionRefused(f"At most {left} of this sale can still be refunded.")
    share = Money.of(sale.total.amount * back.minor / sale.base.minor, sale.currency)
    amount = -(share + Money(earlier["amount"] or 0, sale.currency))
    return _prepare(sale.affiliate, amount, reason, actor, kind=Kind.REVERSAL, reverses=sale, base_minor=refunded.minor)


def _prepare(affiliate: Affiliate, amount: Money, reason: str, actor: User, **further: Any) -> Adjustment:
    if not reason.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    try:
        return _store(affiliate, amount, reason.strip()[:300], actor, further)
    except IntegrityError as error:
        raise ActionRefused("A colleague has entered this at the same time, or the sale was entered before.") from error


@transaction.atomic
def _store(affiliate: Affiliate, amount: Money, reason: str, actor: User, further: dict[str, Any]) -> Adjustment:
    leave_to_a_colleague(affiliate, actor=actor, permission=PERMISSION)
    if further.get("commission") is None:  # otherwise the reason is the site's own
        refuse_text_about_erased(affiliate, reason)
    adjustment: Adjustment = Adjustment.objects.create(
        affiliate=affiliate,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        prepared_by=actor,
        **further,
    )
    record(action="affiliates.adjustment.prepared", about=adjustment, actor=actor)
    if not colleagues_who_may_book(adjustment, actor):
        _book(adjustment, actor, alone=True)
    return adjustment


def colleagues_who_may_book(adjustment: Adjustment, actor: User) -> list[Any]:
    """The other members of staff who may, without the one whose balance it is."""
    colleagues = colleagues_who_may(actor, PERMISSION)
    return [each for each in colleagues if each.pk != adjustment.affiliate.user_id]


def has_to_leave_to_a_colleague(adjustment: Adjustment, actor: User) -> bool:
    """Whether `book_adjustment` refuses this actor, who prepared it or whose balance it is."""
    is_involved = actor.pk in {adjustment.prepared_by_id, adjustment.affiliate.user_id}
    return is_involved and bool(colleagues_who_may_book(adjustment, actor))


@transaction.atomic
def book_adjustment(*, adjustment: Adjustment, actor: User) -> Adjustment:
    """Writes the ledger entry, once. Raises `ActionRefused`."""
    locked = _lock_waiting(adjustment)
    leave_to_a_colleague(locked.affiliate, actor=actor, permission=PERMISSION)
    alone = locked.prepared_by_id == actor.pk
    if alone and colleagues_who_may_book(locked, actor):
        raise ActionRefused("You prepared this. A colleague has to book it.")
    _book(locked, actor, alone=alone)
    return locked


@transaction.atomic
def decline_adjustment(*, adjustment: Adjustment, actor: User) -> Adjustment:
    """Nothing is booked. Whoever prepared it may decline it too. Raises `ActionRefused`."""
    locked = _lock_waiting(adjustment)
    leave_to_a_colleague(locked.affiliate, actor=actor, permission=PERMISSION)
    locked.state, locked.decided_at, locked.decided_by = State.DECLINED, timezone.now(), actor
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    record(action="affiliates.adjustment.declined", about=locked, actor=actor)
    return locked


def _lock_waiting(adjustment: Adjustment) -> Adjustment:
    rows = Adjustment.objects.select_for_update(of=("self",)).select_related("affiliate__user", "commission")
    locked: Adjustment = rows.get(pk=adjustment.pk)
    if locked.state != State.PREPARED:
        raise ActionRefused(f"This adjustment is {locked.get_state_display()}.")
    return locked


def _book(adjustment: Adjustment, actor: User, *, alone: bool) -> None:
    adjustment.state, adjustment.decided_at, adjustment.decided_by = State.BOOKED, timezone.now(), actor
    adjustment.decided_alone = alone
    adjustment.save(update_fields=["state", "decided_at", "decided_by", "decided_alone"])
    if adjustment.amount_minor:  # a small part of a refund may reverse nothing
        entry = LedgerEntry.objects.create(
            affiliate=adjustment.affiliate,
            kind=LedgerEntry.Kind.ADJUSTMENT,
            amount_minor=adjustment.amount_minor,
            currency=adjustment.currency,
            commission=adjustment.commission,
            adjustment=adjustment,
            reason=adjustment.reason,
        )
        record(action="affiliates.ledger.adjusted", about=entry, actor=actor)
    if alone:
        record(action="affiliates.adjustment.decided_alone", about=adjustment, actor=actor)
