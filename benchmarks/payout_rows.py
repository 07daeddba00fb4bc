"""Thousands of affiliates, each with two commissions and eight adjustments due."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from accounts.models import User
from affiliates.membership.terms import current_terms_number
from affiliates.models import Affiliate, Attribution, Commission, LedgerEntry
from shop.models import Order, Payment, Product
from shop.money import program_currency

COMMISSIONS, ADJUSTMENTS = 2, 8
LINES = COMMISSIONS + ADJUSTMENTS
ROWS = 1000  # a statement
PRICE, EARNED = 5995, 1799  # cents
MONEY = {"currency": program_currency()}


def add_affiliates(number: int) -> None:
    product = Product.objects.create(slug="paying", name="Paying", summary="", price_minor=PRICE, **MONEY)
    users = [User(email=f"paid{n}@example.org") for n in range(number)]
    User.objects.bulk_create(users, batch_size=ROWS)
    terms = current_terms_number()
    made = (_affiliate(number, user, terms) for number, user in enumerate(users))
    affiliates = Affiliate.objects.bulk_create(made, batch_size=ROWS)
    orders = Order.objects.bulk_create((_order(product, n) for n in range(number * COMMISSIONS)), batch_size=ROWS)
    Payment.objects.bulk_create(map(_payment, orders), batch_size=ROWS)
    attributions = Attribution.objects.bulk_create(_attributions(affiliates, orders), batch_size=ROWS)
    commissions = Commission.objects.bulk_create(map(_commission, attributions), batch_size=ROWS)
    LedgerEntry.objects.bulk_create(_lines(affiliates, commissions), batch_size=ROWS)


def _affiliate(number: int, user: User, terms: str) -> Affiliate:
    code, address = f"PAID{number}", f"paid{number}@example.org"
    return Affiliate(user=user, code=code, payout_email=address, terms_version=terms)


def _order(product: Product, number: int) -> Order:
    return Order(
        reference=f"P{number}",
        product=product,
        product_name="Paying",
        amount_minor=PRICE,
        state=Order.State.PAID,
        **MONEY,
    )


def _payment(order: Order) -> Payment:
    return Payment(order=order, amount_minor=PRICE, state=Payment.State.PAID, **MONEY)


def _attributions(affiliates: list[Affiliate], orders: list[Order]) -> Iterator[Attribution]:
    for number, order in enumerate(orders):
        yield Attribution(
            order=order,
            affiliate=affiliates[number // COMMISSIONS],
            route=Attribution.Route.CODE,
            rate_percent=30,
            terms_version=affiliates[number // COMMISSIONS].terms_version,
        )


def _commission(attribution: Attribution) -> Commission:
    return Commission(
        attribution=attribution,
        base_minor=PRICE,
        rate_percent=30,
        amount_minor=EARNED,
        state=Commission.State.APPROVED,
        hold_until=timezone.now(),
        approved_at=timezone.now(),
        **MONEY,
    )


def _lines(affiliates: list[Affiliate], commissions: list[Commission]) -> Iterator[LedgerEntry]:
    for number, commission in enumerate(commissions):
        affiliate = affiliates[number // COMMISSIONS]
        yield LedgerEntry(affiliate=affiliate, kind="commission", amount_minor=EARNED, commission=commission, **MONEY)
    for affiliate in affiliates:
        for _ in range(ADJUSTMENTS):
            yield LedgerEntry(affiliate=affiliate, kind="adjustment", amount_minor=100, reason="bonus", **MONEY)
