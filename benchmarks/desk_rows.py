"""A million orders and 100,000 messages of three years, for the benchmark of the staff pages.

Orders and messages are made by the program, because their sealed columns belong to their rows; payments, refunds and
attributions have none, and the database makes one for each order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Attribution
from contacts.models import Inquiry
from shop.models import Order, Payment, Product, Refund

from .portal_rows import copy_rows

YEARS = 3
PRICE = 5995  # cents
CAROL = "carol@example.org"
NAMES = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis", "Finn Fisher", "Gail Gardner")
MODEL = "DESK-MODEL"
CHUNK = 5000
LAST_DIGIT = "substr(CAST(o.id AS text), length(CAST(o.id AS text)))"  # one order of sixteen has each


def prepare() -> User:
    """The owner, ten products, and one order with everything that the database multiplies."""
    owner = User.objects.create_superuser("desk@example.org")
    user = User.objects.create_user("desk-affiliate@example.org")
    affiliate = Affiliate.objects.create(user=user, code="DESK", terms_version="1")
    for number in range(10):
        Product.objects.create(slug=f"desk{number}", name=f"Desk {number}", summary="", price_minor=PRICE)
    order = _order(MODEL, timezone.now(), number=0)
    order.save()
    money = {"amount_minor": PRICE, "currency": "USD"}
    payment = Payment.objects.create(order=order, state=Payment.State.PAID, **money)
    Refund.objects.create(payment=payment, state=Refund.State.COMPLETED, completed_at=timezone.now(), **money)
    Attribution.objects.create(
        order=order, affiliate=affiliate, route=Attribution.Route.COOKIE, rate_percent=30, terms_version="1"
    )
    return owner


def add_orders(start: int, end: int) -> None:
    """Paid evenly over the years; one in sixteen refunded, ten of sixteen through an affiliate's link. The newest are
    the last, and twenty of the first are Carol's."""
    Order.objects.bulk_create(_orders(start, end), batch_size=CHUNK)
    of = f"o.reference >= 'DESK{start:07}' AND o.reference < 'DESK{end:07}'"
    model = f"(SELECT id FROM shop_order WHERE reference = '{MODEL}')"
    payment = f"(SELECT id FROM shop_payment WHERE order_id = {model})"
    made = f"(SELECT o.id, o.paid_at FROM shop_order o WHERE {of})"
    refunded = f"(SELECT o.id, o.paid_at FROM shop_order o WHERE {of} AND {LAST_DIGIT} = '7')"
    brought = f"(SELECT o.id FROM shop_order o WHERE {of} AND {LAST_DIGIT} NOT IN ('1', '2', '3', '4', '5', '6'))"
    copy_rows(Payment, f"old.id = {payment}", made, None, id="new.id", order_id="new.id")
    copy_rows(
        Refund,
        f"old.payment_id = {payment}",
        refunded,
        None,
        id="new.id",
        payment_id="new.id",
        completed_at="new.paid_at",
    )
    copy_rows(Attribution, f"old.order_id = {model}", brought, None, id="new.id", order_id="new.id")


def add_messages(start: int, end: int) -> None:
    """One in a hundred still waits for an answer; ten are Carol's."""
    now = timezone.now()
    Inquiry.objects.bulk_create(
        (
            Inquiry(
                name=NAMES[number % len(NAMES)],
                email=CAROL if number < 10 else f"person{number}@example.org",
                message=f"How do I set up product {number}? It worked yesterday, and today it does not.",
                state=Inquiry.State.OPEN if number % 100 == 0 else Inquiry.State.CLOSED,
                received_at=now - timedelta(minutes=YEARS * 5 * (end - number)),
            )
            for number in range(start, end)
        ),
        batch_size=CHUNK,
    )


def analyze() -> None:
    """Updates the planner's statistics."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _orders(start: int, end: int) -> Iterator[Order]:
    now, products = timezone.now(), list(Product.objects.filter(slug__startswith="desk").order_by("slug"))
    between = timedelta(days=YEARS * 365) / (end - start)
    for number in range(start, end):
        order = _order(f"DESK{number:07}", now - between * (end - number), number)
        order.product = products[number % len(products)]
        yield order


def _order(reference: str, at: datetime, number: int) -> Order:
    product = Product.objects.filter(slug="desk0").get() if reference == MODEL else None
    return Order(
        reference=reference,
        product=product,
        product_name="Desk",
        amount_minor=PRICE,
        currency="USD",
        name=NAMES[number % len(NAMES)],
        email=CAROL if number < 20 else f"person{number}@example.org",
        state=Order.State.PAID,
        placed_at=at,
        paid_at=at,
    )
