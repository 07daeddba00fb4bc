"""A million orders and 100,000 messages of three years, for the benchmark of the staff pages.

Messages and the newest orders are made by the program, because their sealed columns belong to their rows. The database
multiplies the rest.
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

from .portal_rows import copy_rows, index_of, uuid_of

YEARS = 3
PRICE = 5995  # cents
CAROL = "carol@example.org"
NAMES = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis", "Finn Fisher", "Gail Gardner")
MODEL = "DESK-MODEL"
SEALED = 20_000
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


def add_orders(count: int, *, first: int) -> None:
    """The newest are sealed rows of the program, twenty of them Carol's. No page opens an older one, so the database
    multiplies the model for those."""
    sealed = min(SEALED, count // 2)
    seconds = f"(new.i * {YEARS * 365 * 86400 // count})"
    numbered = f"(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {count}) SELECT i FROM s)"
    number = f"({first} + new.i)"
    erased = dict.fromkeys(("name", "email", "email_index"), "NULL")
    copy_rows(
        Order,
        f"old.reference = '{MODEL}' AND new.i > {sealed}",
        numbered,
        None,
        **erased,
        id=uuid_of(number),
        reference=f"'K' || {number}",
        link_index=index_of(number),
        product_id=f"(SELECT p.id FROM shop_product p WHERE p.slug = 'desk' || ({number} % 10))",
        placed_at=_ago(seconds),
        paid_at=_ago(seconds),
    )
    _add_money(f"o.id BETWEEN {uuid_of(first + 1)} AND {uuid_of(first + count)}")
    Order.objects.bulk_create(_orders(first, sealed, count), batch_size=CHUNK)
    _add_money(f"o.reference >= 'DESK{first:07}' AND o.reference < 'DESK{first + count:07}'")


def _add_money(of: str) -> None:
    """A payment for each; one in sixteen refunded, ten of sixteen through an affiliate's link."""
    model = f"(SELECT id FROM shop_order WHERE reference = '{MODEL}')"
    payment = f"(SELECT id FROM shop_payment WHERE order_id = {model})"
    made = f"(SELECT o.id, o.paid_at FROM shop_order o WHERE {of})"
    refunded = f"(SELECT o.id, o.paid_at FROM shop_order o WHERE {of} AND {LAST_DIGIT} = '7')"
    brought = f"(SELECT o.id FROM shop_order o WHERE {of} AND {LAST_DIGIT} NOT IN ('1', '2', '3', '4', '5', '6'))"
    number = "CAST(new.id AS text)"
    paid = {"id": "new.id", "order_id": "new.id", "paypal_order_id": f"'O-' || {number}"}
    copy_rows(Payment, f"old.id = {payment}", made, None, **paid, capture_id=f"'C-' || {number}")
    values = {"id": "new.id", "payment_id": "new.id", "completed_at": "new.paid_at"}
    copy_rows(Refund, f"old.payment_id = {payment}", refunded, None, **values, paypal_refund_id=f"'R-' || {number}")
    copy_rows(Attribution, f"old.order_id = {model}", brought, None, id="new.id", order_id="new.id")


def _ago(seconds: str) -> str:
    if connection.vendor == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || {seconds} || ' seconds')"
    return f"now() - {seconds} * interval '1 second'"


def add_messages(start: int, end: int) -> None:
    """Within a year, which is less than they are kept. One in a hundred still waits for an answer; ten are Carol's."""
    now = timezone.now()
    Inquiry.objects.bulk_create(
        (
            Inquiry(
                reference=f"Q-{number:06}",  # random ones would collide: the contact form makes another then
                name=NAMES[number % len(NAMES)],
                email=CAROL if number < 10 else f"person{number}@example.org",
                message=f"How do I set up product {number}? It worked yesterday, and today it does not.",
                state=Inquiry.State.OPEN if number % 100 == 0 else Inquiry.State.CLOSED,
                received_at=now - timedelta(minutes=5 * (end - number)),
            )
            for number in range(start, end)
        ),
        batch_size=CHUNK,
    )


def analyze() -> None:
    """Updates the planner's statistics."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _orders(first: int, sealed: int, count: int) -> Iterator[Order]:
    now, products = timezone.now(), list(Product.objects.filter(slug__startswith="desk").order_by("slug"))
    between = timedelta(days=YEARS * 365) / count
    for number in range(sealed):
        order = _order(f"DESK{first + number:07}", now - between * (sealed - number), number)
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
