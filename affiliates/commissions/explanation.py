"""Explains an order or a commission step by step, without saying who bought.

Used by the affiliate's receipt and by the staff's explanation page. Both show the same lines, so they contain only what
the affiliate may know: days without a time, and nothing about the visit or the buyer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch

from affiliates.models import (
    Adjustment,
    Attribution,
    Commission,
    CommissionQuerySet,
    LedgerEntry,
    PayoutItem,
    Rate,
    format_rate,
)
from shop.models import DiscountUse, Order, Payment, Refund
from shop.money import Money, format_amount

State = Commission.State
CODES = {Attribution.Route.CODE: "a code", Attribution.Route.DISCOUNT: "a discount code"}
NO_ADDRESS_TO_COMPARE = (
    "Whether several buyers share one network address could not be checked, because no address was stored"
)


@dataclass(frozen=True)
class ExplanationLine:
    """A short heading and a plain sentence."""

    about: str
    text: str


def explain_order(order: Order) -> list[ExplanationLine]:
    """Explains an order, whether or not it earned a commission."""
    attribution = (
        Attribution.objects.filter(order=order).select_related("affiliate", "rate__group", "step__rate").first()
    )
    if attribution is None:
        why = "Nobody. It was placed without an active affiliate's code and without a click in the last 30 days"
        if order.product.is_service:
            why += ", or before a rate was set for services"
        return [ExplanationLine("Source", f"{why}.")]
    commission = Commission.objects.filter(attribution=attribution).first()
    if commission is not None:
        return explain_commission(commission)
    unpaid = "None yet. A commission is earned when the payment arrives, which has not happened."
    return [
        *_source_lines(attribution),
        *_rate_lines(attribution, order.currency),
        ExplanationLine("Commission", unpaid),
        *_flag_lines(attribution),
    ]


def with_explanation_data(commissions: CommissionQuerySet) -> CommissionQuerySet:
    """The commissions with everything their explanations read, in a constant number of queries."""
    entries = LedgerEntry.objects.select_related("claim__payout")
    return commissions.select_related(
        "attribution__affiliate", "attribution__order", "attribution__rate__group", "attribution__step__rate"
    ).prefetch_related(
        "attribution__order__payments__refunds",
        "attribution__order__discount_uses",
        "attribution__flags",
        Prefetch("ledger", entries),
    )


def explain_commission(commission: Commission) -> list[ExplanationLine]:
    """From the click to the payout, in chronological order."""
    attribution = commission.attribution
    return [
        *_source_lines(attribution),
        *_rate_lines(attribution, commission.currency),
        *_amount_lines(commission),
        *_refund_lines(commission),
        *_flag_lines(attribution),
        *_state_lines(commission),
        *_ledger_lines(commission.ledger.all()),
    ]


def _source_lines(attribution: Attribution) -> Iterator[ExplanationLine]:
    placed = f"The order was placed on {_format_day(attribution.decided_at)}"
    if attribution.route in CODES:  # which of the affiliate's codes is not stored, and today's may be a later one
        code = CODES[Attribution.Route(attribution.route)]
        yield ExplanationLine("Source", f"{placed} with {code} of the affiliate, entered at checkout.")
    elif attribution.route == Attribution.Route.TOKEN:
        how = "which counts for 30 days. The address of the checkout said so; nothing was stored about the visit"
        yield ExplanationLine("Source", f"{placed} after a click on the affiliate's link, {how}.")
        yield ExplanationLine("Checks", f"{NO_ADDRESS_TO_COMPARE}.")
    else:
        yield ExplanationLine("Source", f"{placed} after a click on the affiliate's link, which counts for 30 days.")
    yield ExplanationLine("Terms", f"Version {attribution.terms_version} of the terms applied.")


def _rate_lines(attribution: Attribution | Adjustment, currency: str) -> Iterator[ExplanationLine]:
    flat = None if attribution.rate_flat_minor is None else Money(attribution.rate_flat_minor, currency)
    words = format_rate(attribution.rate_percent, flat)
    why = f"{why_this_rate(attribution.rate)}{_step_suffix(attribution)}"
    when = "on the day of the sale" if isinstance(attribution, Adjustment) else "when the order was placed"
    yield ExplanationLine("Rate", f"{words}, fixed {when}: {why}.")


def _step_suffix(attribution: Attribution | Adjustment) -> str:
    """The step that applied, or why none did; empty for a rate without steps."""
    rate, step, sales = attribution.rate, attribution.step, attribution.step_sales
    if rate is None or sales is None:
        return ""
    approved = f"{sales:,} {'sale was' if sales == 1 else 'sales were'} approved earlier in that {rate.step_period}"
    return f"; the step {step.condition}: {approved}" if step else f"; before its first step: {approved}"


def why_this_rate(rate: Rate | None) -> str:
    """Which kind of rate applied, and why no more specific one did: the precedence of `rate_for` in words."""
    if rate is None:
        return "the program's default rate, because none was set for the affiliate or the product"
    if rate.discount_id:
        return "the rate for sales with this discount code, which takes precedence over all others"
    if rate.affiliate_id and rate.product_id:
        return "the affiliate's rate for this product, which takes precedence over all others"
    if rate.affiliate_id:
        return "the affiliate's own rate, which takes precedence over a group's, the product's and the program's"
    if rate.group and rate.product_id:
        return f"the rate of the group {rate.group} for this product; the affiliate had no rate of their own"
    if rate.group:
        return (
            f"the rate of the group {rate.group}, which takes precedence over the product's and the program's;"
            " the affiliate had no rate of their own"
        )
    if rate.product_id:
        return "the product's rate, which takes precedence over the program's; the affiliate had no rate of their own"
    return "the program's rate, because none was set for the affiliate or the product"


def _amount_lines(commission: Commission) -> Iterator[ExplanationLine]:
    for discount in _discounts_of(commission.attribution):  # not its code, which may have been made for one buyer
        yield ExplanationLine("Discount", f"{discount} was taken off the price.")
    yield ExplanationLine("Base", f"{commission.base}: the amount paid, without tax, shipping and discount.")
    yield ExplanationLine("Commission", _calculation(commission, commission.base))


def _calculation(commission: Commission | Adjustment, base: Money) -> str:
    if commission.rate_percent is None:
        flat = Money(commission.rate_flat_minor or 0, commission.currency)
        if flat > base:
            return f"{flat} per sale, but at most the base: {commission.total}."
        return f"{commission.total}: the flat amount per sale."
    share = f"{commission.rate_percent.normalize():f}% of {base}"
    exact = (base.amount * commission.rate_percent / 100).normalize()
    if exact == commission.total.amount:
        return f"{share} is {commission.total}."
    return f"{share} is {format_amount(exact, commission.currency)}, rounded half-up to {commission.total}."


def _payments_of(attribution: Attribution) -> Iterable[Payment]:
    if _has_loaded_the_order(attribution):
        return attribution.order.payments.all()
    return Payment.objects.filter(order=attribution.order_id).prefetch_related("refunds")


def _discounts_of(attribution: Attribution) -> list[Money]:
    if _has_loaded_the_order(attribution):
        uses = attribution.order.discount_uses.all()
        return [used.amount for used in uses if used.state == DiscountUse.State.USED]
    rows = DiscountUse.objects.filter(order=attribution.order_id, state=DiscountUse.State.USED)
    return [Money(*row) for row in rows.values_list("amount_minor", "currency")]


def _has_loaded_the_order(attribution: Attribution) -> bool:
    """Lists have, with its rows; elsewhere the order is not read, because an affiliate's page may not."""
    order: Any = Attribution._meta.get_field("order")
    return bool(order.is_cached(attribution))


def _refund_lines(commission: Commission) -> Iterator[ExplanationLine]:
    payments = list(_payments_of(commission.attribution))
    for payment in payments:
        if not payment.refunded_minor:
            continue
        back = Money(payment.refunded_minor, payment.currency)
        taken = Money(commission.reversed_minor, commission.currency)
        share = f"{commission.total} × {back} / {payment.total}, rounded half-up"
        yield ExplanationLine(
            "Refunds", f"{back} of {payment.total} was refunded to the buyer, so {taken} was reversed: {share}."
        )
        yield ExplanationLine("Remaining", f"{commission.remaining}.")
    undone = (r for payment in payments for r in payment.refunds.all() if r.state == Refund.State.REVERTED)
    for refund in undone:
        text = f"A refund of {refund.total} was reverted"
        yield ExplanationLine("Refunds", f"{text}, so its part of the commission was restored.")


def _flag_lines(attribution: Attribution) -> Iterator[ExplanationLine]:
    for flag in sorted(attribution.flags.all(), key=lambda flag: flag.raised_at):
        held = f"Held on {_format_day(flag.raised_at)}: {flag.words}"
        if flag.decided_at is None:
            yield ExplanationLine("Hold", f"{held}. It is neither approved nor paid until a person has reviewed it.")
        else:
            yield ExplanationLine("Hold", f"{held}; {flag.state} on {_format_day(flag.decided_at)}: {flag.why}.")


def _state_lines(commission: Commission) -> Iterator[ExplanationLine]:
    if commission.approved_at:
        how = "by staff" if commission.approved_by_id else "automatically, when the refund window had ended"
        yield ExplanationLine("Approved", f"On {_format_day(commission.approved_at)}, {how}.")
    yield ExplanationLine("State", _state_text(commission))


def _state_text(commission: Commission) -> str:
    if commission.state == State.PENDING:
        day = _format_day(commission.hold_until)
        return f"Pending: it will be approved on {day}, unless the order is refunded or held."
    if commission.state in {State.REJECTED, State.REVERSED}:
        return f"{commission.get_state_display().capitalize()}: {commission.why_unpaid}."
    if commission.state == State.APPROVED:
        return "Approved: it will be in the next payout."
    if commission.state == State.PAID and commission.paid_at:
        return f"Paid on {_format_day(commission.paid_at)}."
    return "In a payout that is in progress."


def explain_adjustment(adjustment: Adjustment) -> list[ExplanationLine]:
    """Why staff changed the balance: the reason, the calculation, who decided, and the payout."""
    return [
        ExplanationLine("What", f"{adjustment.get_kind_display().capitalize()} of {_format_date(adjustment.day)}."),
        ExplanationLine("Reason", adjustment.reason or "Its text was deleted."),
        *_outside_sale_lines(adjustment),
        *_decision_lines(adjustment),
        *_ledger_lines(LedgerEntry.objects.filter(adjustment=adjustment).select_related("claim__payout")),
    ]


def _outside_sale_lines(adjustment: Adjustment) -> Iterator[ExplanationLine]:
    if adjustment.base is None:
        if adjustment.commission:
            yield ExplanationLine("Corrects", f"Commission {adjustment.commission.number}.")
    elif adjustment.reverses:
        sale = adjustment.reverses
        share = f"the share of its commission of {sale.total}, rounded once for all refunds of the sale"
        text = (
            f"{adjustment.base} of {sale.base} was refunded to the buyer, so {-adjustment.total} was reversed: {share}."
        )
        yield ExplanationLine("Reverses", f"{sale.number} of {_format_date(sale.day)}.")
        yield ExplanationLine("Refunds", text)
    else:
        yield from _rate_lines(adjustment, adjustment.currency)
        yield ExplanationLine(
            "Base", f"{adjustment.base} for {adjustment.product}, without tax, shipping and discount."
        )
        yield ExplanationLine("Commission", _calculation(adjustment, adjustment.base))


def _decision_lines(adjustment: Adjustment) -> Iterator[ExplanationLine]:
    if adjustment.decided_at is None:
        yield ExplanationLine("State", "A second member of our staff has to approve it.")
        return
    who = "by the one member of our staff who may" if adjustment.decided_alone else "by a second member of our staff"
    yield ExplanationLine(
        "State", f"{adjustment.get_state_display().capitalize()} on {_format_day(adjustment.decided_at)}, {who}."
    )


def _ledger_lines(entries: Iterable[LedgerEntry]) -> Iterator[ExplanationLine]:
    for entry in sorted(entries, key=lambda entry: (entry.created_at, entry.pk)):
        yield ExplanationLine(
            "Ledger", f"{_format_day(entry.created_at)}: {entry.total}, {describe_entry(entry)}{_payout_suffix(entry)}."
        )


def describe_entry(entry: LedgerEntry) -> str:
    return f"{entry.get_kind_display()}: {entry.reason}" if entry.reason else entry.get_kind_display()


def _payout_suffix(entry: LedgerEntry) -> str:
    claim = getattr(entry, "claim", None)
    if claim is None:
        return "; not in a payout yet"
    payout: PayoutItem = claim.payout
    return (
        f"; in the payout of {payout.total} on {_format_day(payout.created_at)}, which is {payout.get_state_display()}"
    )


def _format_day(moment: datetime) -> str:
    """In UTC, like all statistics."""
    return _format_date(moment.date())


def _format_date(day: date) -> str:
    return f"{day:%B %-d, %Y}"
