"""One data set at any size: three years of orders, each with payment and license, most with a commission that was paid.

It holds only what the program itself could write, and the books agree (`verify_ledger`), as far as a page can see. The
database multiplies a few rows of the program. The newest orders are made by the program, because their sealed columns
belong to their rows; no page opens an older one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from affiliates.models import (
    Affiliate,
    Attribution,
    BalanceDelta,
    Commission,
    DailySales,
    LedgerEntry,
    PayoutItem,
    PayoutRun,
)
from affiliates.payouts.proofs import publish_head, trees_of
from affiliates.statistics.balances import correct_balances
from affiliates.statistics.day_sums import sum_commissions
from privacy.models import ChangedMoment
from shop.models import License, Order, Payment, PayPalEvent, Product, Refund
from shop.reports.day_sums import sum_sales

from .bulk_sql import ago, copy_rows, day_of, index_of, numbers, run, uuid_of

YEARS = 3
SECONDS = YEARS * 365 * 86400
PRODUCTS, AFFILIATES = 10, 40  # half of all is of the first affiliate
RUNS = 36  # payouts, of all but the last 40 days
HOLD, UNPAID = 30, 40  # days
PRICE, EARNED = 5995, 1799  # cents
CAROLS = {False: "carol@example.org", True: "carol.later@example.org"}  # with few rows, and with many
NAMES = ("Ann Archer", "Ben Baker", "Cleo Carter", "Dan Dyer", "Eve Ellis", "Finn Fisher", "Gail Gardner")
MODEL = "GROW-MODEL"
SEALED = 20_000
OPENED = 100
CHUNK = 5000
DIGIT = "substr(CAST(new.id AS text), length(CAST(new.id AS text)))"  # one order of sixteen has each
REFUNDED, DIRECT = "7", "1"
AFFILIATE = f"CASE WHEN {{0}} % 2 = 0 THEN 1 ELSE 2 + ({{0}} / 2) % {AFFILIATES - 1} END"
MONEY = {"currency": "USD"}


def prepare() -> User:
    """The owner, products, affiliates, and one order with everything that the database multiplies."""
    owner = User.objects.create_superuser("growth@example.org")
    now = timezone.now()
    for number in range(1, AFFILIATES + 1):
        user = User.objects.create_user(f"grow{number}@example.org", name=f"Grow {number}")
        Affiliate.objects.create(id=UUID(int=number), user=user, code=f"GROW{number}", terms_version="1")
    for number in range(1, PRODUCTS + 1):
        Product.objects.create(id=UUID(int=number), slug=f"grow{number}", name=f"Grow {number}", price_minor=PRICE)
    order = _order(MODEL, now - timedelta(days=SECONDS // 86400 + 1), number=0, email="model@example.org")
    order.save()
    payment = Payment.objects.create(order=order, state=Payment.State.PAID, amount_minor=PRICE, **MONEY)
    undone = {"state": Refund.State.REVERTED, "completed_at": now}
    Refund.objects.create(payment=payment, amount_minor=PRICE, **undone, **MONEY)
    License.objects.create(order=order, key="GROWN-GROWN-GROWN-GROWN-GROWN")
    PayPalEvent.objects.create(event_id=MODEL, event_type="PAYMENT.CAPTURE.COMPLETED", payment=payment, handled_at=now)
    route = {"route": Attribution.Route.COOKIE, "rate_percent": 30, "terms_version": "1"}
    attribution = Attribution.objects.create(order=order, affiliate_id=UUID(int=1), **route)
    commission = Commission.objects.create(
        attribution=attribution,
        base_minor=PRICE,
        rate_percent=30,
        amount_minor=EARNED,
        state=Commission.State.APPROVED,
        hold_until=now,
        approved_at=now,
        **MONEY,
    )
    LedgerEntry.objects.create(
        affiliate_id=UUID(int=1), kind="commission", amount_minor=EARNED, commission=commission, **MONEY
    )
    return owner


def add_orders(count: int, *, first: int) -> None:
    """Orders `first + 1` to `first + count`, evenly over three years, the last one now."""
    sealed = min(SEALED, count // 2)
    step = SECONDS // count
    at = ago(f"({count} - new.i) * {step}")
    number = f"({first} + new.i)"
    erased = dict.fromkeys(("name", "email", "email_index"), "NULL")
    copy_rows(
        Order,
        f"old.reference = '{MODEL}' AND new.i <= {count - sealed}",
        numbers(count),
        **erased,
        id=uuid_of(number),
        reference=f"'K' || {number}",
        link_index=index_of(number),
        product_id=uuid_of(f"1 + {number} % {PRODUCTS}"),
        placed_at=at,
        paid_at=at,
    )
    Order.objects.bulk_create(_orders(first, sealed, count, step), batch_size=CHUNK)
    columns = f"o.id, o.paid_at, {_number_of('o')} AS number"
    of = f"(SELECT {columns} FROM shop_order o WHERE {_between('o.id', first, count)})"
    _add_payments(of, last=first + count)
    _add_commissions(of, f"new.number > {first + count - _in_days(UNPAID, step)}", step)
    _pay_out(first, count - _in_days(UNPAID, step))


def _add_payments(of: str, *, last: int) -> None:
    """One order of sixteen is refunded. The newest licenses can be opened."""
    model = f"(SELECT id FROM shop_order WHERE reference = '{MODEL}')"
    payment = f"(SELECT id FROM shop_payment WHERE order_id = {model})"
    number = "CAST(new.id AS text)"
    same = {"id": "new.id", "order_id": "new.id"}
    is_refunded = f"{DIGIT} = '{REFUNDED}'"
    copy_rows(
        Payment,
        f"old.id = {payment}",
        of,
        **same,
        paypal_order_id=f"'O-' || {number}",
        capture_id=f"'C-' || {number}",
        created_at="new.paid_at",
        changed_at="new.paid_at",
        state=f"CASE WHEN {is_refunded} THEN 'refunded' ELSE 'paid' END",
        refunded_minor=f"CASE WHEN {is_refunded} THEN {PRICE} ELSE 0 END",
    )
    returned = "SELECT order_id FROM shop_payment WHERE state = 'refunded'"
    run(f"UPDATE shop_order SET state = 'refunded' WHERE state = 'paid' AND id IN ({returned})")
    copy_rows(
        Refund,
        f"old.payment_id = {payment} AND {is_refunded}",
        of,
        id="new.id",
        payment_id="new.id",
        state="'completed'",
        completed_at="new.paid_at",
        created_at="new.paid_at",
        paypal_refund_id=f"'R-' || {number}",
    )
    copy_rows(
        License,
        f"old.order_id = {model} AND new.number <= {last - OPENED}",
        of,
        **same,
        key_index=index_of("new.number"),
        issued_at="new.paid_at",
    )
    License.objects.bulk_create(
        License(order_id=UUID(int=number), key=f"GROWN-{number}") for number in range(last - OPENED + 1, last + 1)
    )
    copy_rows(
        PayPalEvent,
        f"old.event_id = '{MODEL}' AND new.paid_at > {ago(str(365 * 86400))}",
        of,
        id="new.id",
        payment_id="new.id",
        event_id=f"'E-' || {number}",
        received_at="new.paid_at",
    )


def _add_commissions(of: str, unpaid: str, step: int) -> None:
    """Most orders came through a link. Their commissions are pending for 30 days, approved for ten, and then paid."""
    order = f"(SELECT id FROM shop_order WHERE reference = '{MODEL}')"
    model = f"(SELECT id FROM affiliates_attribution WHERE order_id = {order})"
    brought = f"{DIGIT} NOT IN ('{REFUNDED}', '{DIRECT}')"
    affiliate = uuid_of(AFFILIATE.format("new.number"))
    held = f"new.paid_at > {ago(str(HOLD * 86400))}"
    copy_rows(
        Attribution,
        f"old.id = {model} AND {brought}",
        of,
        id="new.id",
        order_id="new.id",
        affiliate_id=affiliate,
        decided_at="new.paid_at",
    )
    copy_rows(
        Commission,
        f"old.attribution_id = {model} AND {brought}",
        of,
        id="new.id",
        attribution_id="new.id",
        number="'G' || new.number",
        state=f"CASE WHEN {held} THEN 'pending' WHEN {unpaid} THEN 'approved' ELSE 'paid' END",
        approved_at=f"CASE WHEN {held} THEN NULL ELSE new.paid_at END",
        hold_until=_later("new.paid_at", HOLD),
        created_at="new.paid_at",
    )
    copy_rows(
        LedgerEntry,
        f"old.commission_id = (SELECT c.id FROM affiliates_commission c WHERE c.attribution_id = {model})"
        f" AND {brought} AND NOT {held}",
        of,
        id="new.id",
        affiliate_id=affiliate,
        commission_id="new.id",
        created_at="new.paid_at",
    )


def _pay_out(first: int, paid: int) -> None:
    """Runs that claimed the first `paid` orders' commissions, in order."""
    for number in range(RUNS):
        lower, upper = first + paid * number // RUNS, first + paid * (number + 1) // RUNS
        due = LedgerEntry.objects.filter(kind="commission", pk__gt=UUID(int=lower), pk__lte=UUID(int=upper))
        sums = due.order_by().values_list("affiliate").annotate(Sum("amount_minor"))
        at = timezone.now() - timedelta(days=UNPAID + (RUNS - 1 - number) * 30)
        times = {"created_at": at, "approved_at": at, "sent_at": at, "finished_at": at}
        finished = {"state": PayoutRun.State.FINISHED, "method": PayoutRun.Method.CSV}
        made = PayoutRun.objects.create(**finished, **times, **MONEY)
        settled = {"state": PayoutItem.State.PAID, "created_at": at, "settled_at": at}
        PayoutItem.objects.bulk_create(
            PayoutItem(run=made, affiliate_id=owner, amount_minor=total, **settled, **MONEY) for owner, total in sums
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                affiliate_id=item.affiliate_id, payout=item, kind="payout", amount_minor=-item.amount_minor, **MONEY
            )
            for item in made.items.all()
        )
        claim = "INSERT INTO affiliates_payoutclaim (entry_id, payout_id) SELECT l.id, i.id FROM"
        # By the entries' range of ids: an affiliate has too many entries, and so has a kind.
        earned = f"{_between('l.id', lower, upper - lower)} AND l.kind || '' = 'commission'"
        this_run = f"i.run_id = '{made.pk.hex}'"
        run(
            f"{claim} affiliates_ledgerentry l CROSS JOIN affiliates_payoutitem i"
            f" WHERE {earned} AND i.affiliate_id = l.affiliate_id AND {this_run}"
        )
        run(
            f"{claim} affiliates_payoutitem i CROSS JOIN affiliates_ledgerentry l"
            f" WHERE {this_run} AND l.payout_id = i.id"
        )
        publish_head(made, trees_of(made), now=at)


def sum_up() -> None:
    """The results of the jobs, in a few statements: balances folded, and sales by day."""
    BalanceDelta.objects.all().delete()
    correct_balances()
    DailySales.objects.all().delete()
    run(
        "INSERT INTO affiliates_dailysales"
        " (affiliate_id, day, currency, orders, sales_minor, earned_minor, reversed_minor)"
        f" SELECT a.affiliate_id, {day_of('c.created_at')}, c.currency, COUNT(*), SUM(c.base_minor),"
        " SUM(c.amount_minor), 0"
        " FROM affiliates_commission c JOIN affiliates_attribution a ON a.id = c.attribution_id GROUP BY 1, 2, 3"
    )
    ChangedMoment.objects.all().delete()
    for sum_some in (sum_sales, sum_commissions):
        while sum_some(now=timezone.now()):
            pass


def _orders(first: int, sealed: int, count: int, step: int) -> Iterator[Order]:
    """The newest ones, the last twenty of them Carol's, who has no others."""
    now = timezone.now()
    for place in range(count - sealed + 1, count + 1):
        number, at = count - place, now - timedelta(seconds=(count - place) * step)
        email = CAROLS[first > 0] if number < 20 else f"person{number}@example.org"
        order = _order(f"S{first + place}", at, number=number, email=email)
        order.id, order.product_id = UUID(int=first + place), UUID(int=1 + (first + place) % PRODUCTS)
        yield order


def _order(reference: str, at: datetime, *, number: int, email: str) -> Order:
    return Order(
        reference=reference,
        product_id=UUID(int=1),
        product_name="Grow",
        amount_minor=PRICE,
        name=NAMES[number % len(NAMES)],
        email=email,
        state=Order.State.PAID,
        placed_at=at,
        paid_at=at,
        **MONEY,
    )


def _in_days(days: int, step: int) -> int:
    """How many orders so many days have."""
    return days * 86400 // step


def _number_of(order: str) -> str:
    return f"CAST(substr({order}.reference, 2) AS integer)"


def _between(column: str, first: int, count: int) -> str:
    return f"{column} BETWEEN {uuid_of(first + 1)} AND {uuid_of(first + count)}"


def _later(moment: str, days: int) -> str:
    if connection.vendor == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S', {moment}, '+{days} days')"
    return f"{moment} + interval '{days} days'"
