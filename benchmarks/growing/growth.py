"""What the site costs when it has grown: each page and job with a million orders and commissions, ten million clicks,
100,000 messages and a million mails, compared with a thousandth of all that.

`GROWTH_ORDERS` and `GROWTH_CLICKS` make it smaller. Each cost is the shortest of several rounds: the two sizes are
measured minutes apart, and other load only adds time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Click, Commission, LedgerEntry, PayoutItem
from affiliates.payouts.reconciliation import first_difference
from aitpro.housekeeping import Lane, housekeep
from api.scopes import Scope
from api.tokens.making import make_token
from benchmarks.timing import Ratio, sized
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.evidence.snapshot import take_snapshot
from privacy.keystore.models import Tombstone
from privacy.models import OutgoingMail
from privacy.requests.archive import build_archive
from shop.models import License, Order, Payment, PayPalEvent, Refund

from .bulk_sql import analyze, at_any_risk
from .rows import add_orders, prepare, sum_up
from .visits import add_audit, add_clicks, add_mails, add_messages

# Seven of eight orders earn a commission.
ORDERS = int(os.environ.get("GROWTH_ORDERS", sized("1_150_000", "50_000")))
CLICKS = int(os.environ.get("GROWTH_CLICKS", sized("10_000_000", "200_000")))
FEWER = sized(1000, 100)
GROWS = 1.2  # times
STAFF = 150  # milliseconds
ROUNDS = 9

GROWING = (Order, Payment, Refund, License, PayPalEvent, Commission, LedgerEntry, PayoutItem, Inquiry, OutgoingMail)

# What stands in the way of the same cost.
COUNTED = "rows are counted up to 10,000, and not further however many there are"
FEW_MESSAGES = "with few rows, the list has 2 messages instead of a page of 50"
FEW_SALES = "with few rows, this affiliate has nothing pending and no payout, so that three parts are left out"
FEW_SELLERS = "with few rows, fewer affiliates sold anything in that month, and the report has fewer lines"
WAITING = "it adds up the messages and commissions that wait for staff, of which there are more"
LONGER = "with many rows the number is longer, and so is looked up as a license key, too"
RECOUNTED = "the evidence recounts the sent mails of 30 days, so that one past the gate shows"
VERIFIED = "hourly, it verifies each entry of the audit log (here 200,000), so that a changed one shows"

Run = Callable[[], Any]


class Task(NamedTuple):
    """`limit` is in milliseconds; None where only the growth is promised. `obstacle` says why it can't be constant."""

    run: Run
    limit: int | None = None
    rounds: int = ROUNDS
    obstacle: str = ""


class Cost(NamedTuple):
    milliseconds: float
    queries: int


def measure() -> Iterator[Ratio]:
    owner = prepare()
    _grow(owner, orders=ORDERS // FEWER, clicks=CLICKS // FEWER, first=False)
    before = {name: _cost(task) for name, task in _tasks(owner).items()}
    _grow(owner, orders=ORDERS - ORDERS // FEWER, clicks=CLICKS - CLICKS // FEWER, first=True)
    rows = f"{Order.objects.count():,} orders, {Commission.objects.count():,} commissions,"
    rows += f" {Click._base_manager.count():,} clicks, {Inquiry.objects.count():,} messages,"
    print(f"{'':4}{rows} {OutgoingMail.objects.count():,} mails", flush=True)
    for name, task in _tasks(owner).items():
        yield from _ratios(name, task, before[name], _cost(task))


def _grow(owner: User, *, orders: int, clicks: int, first: bool) -> None:
    """The second time to the full size, from the first one."""
    had = {"orders": ORDERS // FEWER, "clicks": CLICKS // FEWER} if first else {"orders": 0, "clicks": 0}
    with at_any_risk():
        add_orders(orders, first=had["orders"])
        sum_up()
        add_clicks(clicks, first=had["clicks"])
        add_messages(orders // 10, first=had["orders"] // 10)
        add_mails(orders, first=had["orders"])
        add_audit(min(orders, 200_000), actor=owner)
    analyze()


def _tasks(owner: User) -> dict[str, Task]:
    """Each is opened as its user does; a search is the form and the page of results it leads to."""
    staff, search = _signed_in(owner), reverse("admin:search")
    last = Order.objects.filter(name__isnull=False).latest("placed_at")
    person = reverse("admin:person", args=["shop.order", last.pk])
    sales, program = reverse("shop:report"), reverse("affiliates:report")
    orders = reverse("admin:shop_order_changelist")
    last_page = min(Order.objects.count() // 100, 100)  # of those that a list has: it counts up to 10,000
    typical_owner, heavy_owner = (Affiliate.objects.get(code=code).user for code in ("GROW2", "GROW1"))
    typical, heavy = _signed_in(typical_owner), _signed_in(heavy_owner)

    def page(client: Client, address: str, obstacle: str = "") -> Task:
        limit = STAFF if client is staff else None
        return Task(lambda: _opened(client.get(address), address), limit, obstacle=obstacle)

    def found(text: str, obstacle: str = "") -> Task:
        run = partial(staff.post, search, {"text": text}, follow=True)
        return Task(lambda: _opened(run(), search), STAFF, obstacle=obstacle)

    def api(owner: User, path: str, *scopes: Scope) -> Task:
        """The limits are counted in the database here, which costs queries that Redis would save."""
        _, token = make_token(owner=owner, name=None, scopes=scopes, days=7, now=timezone.now())
        program, address = Client(headers={"Authorization": f"Bearer {token}"}), f"/api/v1/{path}"
        return Task(lambda: _opened(program.get(address), address))

    lists = {
        f"list of {model._meta.verbose_name_plural}": page(
            staff,
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
            FEW_MESSAGES if model is Inquiry else "",
        )
        for model in (*GROWING, AuditEntry)
    }
    return {
        "portal, a typical affiliate": page(typical, "/affiliates/portal/", FEW_SALES),
        "portal, the affiliate of half of all sales": page(heavy, "/affiliates/portal/"),
        "portal, that one's commissions": page(heavy, "/affiliates/portal/commissions/", COUNTED),
        "staff start page": page(staff, reverse("admin:index"), WAITING),
        **lists,
        "API, that affiliate's commissions": api(heavy_owner, "commissions", Scope.EARNINGS),
        "API, orders": api(owner, "staff/orders", Scope.ORDERS),
        "orders, the last page": page(staff, f"{orders}?p={last_page}"),
        "orders, refunded ones": page(staff, f"{orders}?state__exact=refunded", COUNTED),
        "orders, last month": page(staff, f"{orders}?{_last_month()}", COUNTED),
        "search by an order's number": found(last.reference, LONGER),
        "search by a name": found("Gail Gardner"),
        "page of a person": page(staff, person),
        "page of an order": page(staff, reverse("admin:shop_order_change", args=[last.pk])),
        "sales, last month by day": page(staff, f"{sales}?period=last-month"),
        "sales, last month by product": page(staff, f"{sales}?period=last-month&by=product"),
        "sales, this year by month": page(staff, f"{sales}?period=this-year"),
        "affiliates, last month": page(staff, f"{program}?period=last-month", FEW_SELLERS),
        "affiliates, this year by month": page(staff, f"{program}?period=this-year&by=month"),
        "access archive of a person": Task(lambda: build_archive(email=last.email, now=timezone.now())),
        "erasure of a person": Task(lambda: _erasure(last.email)),
        "a round of housekeeping": Task(_housekeeping, rounds=3, obstacle=RECOUNTED),
        "evidence for all promises": Task(lambda: take_snapshot(now=timezone.now()), rounds=3, obstacle=VERIFIED),
        "verify_ledger": Task(
            _ledger,
            rounds=1,
            obstacle="it adds up every entry, which is its purpose: a sum that is carried forward could be wrong",
        ),
    }


def _ratios(name: str, task: Task, few: Cost, many: Cost) -> Iterator[Ratio]:
    """A difference of queries is one of growth, too."""
    detail = f"{many.milliseconds:.0f} against {few.milliseconds:.0f} ms; {many.queries} against {few.queries} queries"
    growth = many.milliseconds / few.milliseconds
    yield Ratio(f"{name}, grown", growth, GROWS, at_least=False, detail=detail, obstacle=task.obstacle)
    if many.queries > few.queries:
        more = many.queries / few.queries
        detail = f"{many.queries} against {few.queries}"
        yield Ratio(f"{name}: queries", more, 1, at_least=False, detail=detail, obstacle=task.obstacle)
    if task.limit is not None:
        yield Ratio(f"{name}: time", many.milliseconds, task.limit, at_least=False, unit=" ms")


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _opened(response: Any, address: str) -> None:
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code} {response.headers.get('Location', '')}")


def _last_month() -> str:
    first = timezone.localtime().replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return f"placed_at__gte={before:%Y-%m-%d}&placed_at__lt={first:%Y-%m-%d}"


def _erasure(email: str) -> None:
    """Undone, so that the next round finds the person again. Housekeeping would finish it from its tombstone."""
    with transaction.atomic():
        erase_person(email=email)
        transaction.set_rollback(True)
    Tombstone.objects.all().delete()


def _housekeeping() -> None:
    if failed := [job for job, done in housekeep(now=timezone.now(), lanes=[Lane.HERE]).items() if done is None]:
        raise RuntimeError(f"failed: {failed}")


def _ledger() -> None:
    if difference := first_difference(paypal_since=None):
        raise RuntimeError(difference)


def _cost(task: Task) -> Cost:
    task.run()  # what is looked up once a minute, such as the policy and the session, is known from here on
    with CaptureQueriesContext(connection) as queries:
        task.run()
        count = len(queries)
    return Cost(min(_milliseconds(task.run) for _ in range(task.rounds)), count)


def _milliseconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000
