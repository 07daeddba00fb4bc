"""Millions of rows for the portal benchmark: the database multiplies a few rows created by the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.models import (
    REFERRAL_LIFE,
    Affiliate,
    Attribution,
    BalanceDelta,
    By,
    Click,
    Commission,
    DailyClicks,
    DailySales,
    Flag,
    LedgerEntry,
)
from affiliates.statistics.balances import correct_balances
from privacy.encryption.blind_index import INDEX_BYTES
from shop.models import Order, Product

TYPICAL, DAYS = 39, 10
SHARES = 2 * TYPICAL  # one heavy affiliate has as many as all others together
PRICE, COMMISSION = 5995, 1799  # cents
HEAVY = "PORTAL0"
PENDING = "substr(CAST(new.id AS text), length(CAST(new.id AS text))) = '0'"  # one sale in sixteen
MODEL = "MODEL"  # domain and reference of the rows to multiply


def prepare() -> dict[str, User]:
    """Creates the affiliates, a click per day and a sale. Returns the users of a typical and the heavy affiliate."""
    heavy, *typical = [_affiliate(number) for number in range(1 + TYPICAL)]
    for day in range(DAYS):
        _click(heavy, day)
    _sell(heavy)
    return {"a typical affiliate": typical[0].user, "one with half of all": heavy.user}


def _affiliate(number: int) -> Affiliate:
    user = User.objects.create_user(f"portal{number}@example.org")
    return Affiliate.objects.create(user=user, code=f"PORTAL{number}", terms_version="1")


def _click(affiliate: Affiliate, days_ago: int) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    times = {"clicked_at": at, "expires_at": at + REFERRAL_LIFE}
    Click(affiliate=affiliate, landing_path=MODEL, counted=True, **times).insert()


def _sell(affiliate: Affiliate) -> None:
    money = {"currency": "USD"}
    product = Product.objects.create(slug="portal", name="Portal", summary="", price_minor=PRICE, **money)
    order = Order.objects.create(reference=MODEL, product=product, product_name="Portal", amount_minor=PRICE, **money)
    attribution = Attribution.objects.create(
        order=order, affiliate=affiliate, route=Attribution.Route.COOKIE, rate_percent=30, terms_version="1"
    )
    commission = Commission.objects.create(
        attribution=attribution,
        base_minor=PRICE,
        rate_percent=30,
        amount_minor=COMMISSION,
        state=Commission.State.APPROVED,
        hold_until=timezone.now(),
        approved_at=timezone.now(),
        **money,
    )
    LedgerEntry.objects.create(
        affiliate=affiliate, kind="commission", amount_minor=COMMISSION, commission=commission, **money
    )


def add_clicks(a_day: int, *, first: int) -> int:
    """Adds clicks per day for a typical affiliate, and the heavy one's share. Returns the number of rows."""
    copy_rows(
        Click,
        f"old.landing_path = '{MODEL}'",
        _each(a_day),
        first,
        affiliate_id="new.affiliate",
        landing_path="'/'",
    )
    _roll_up(DailyClicks.objects.filter(by__in=[By.ALL, By.LANDING]), clicks=a_day)
    return a_day * SHARES * DAYS


def add_sales(count: int, *, first: int) -> int:
    """Adds sales for a typical affiliate, and the heavy one's share. Returns the number of rows."""
    order = "(SELECT id FROM shop_order WHERE reference = 'MODEL')"
    attribution = f"(SELECT id FROM affiliates_attribution WHERE order_id = {order})"
    commission = f"(SELECT id FROM affiliates_commission WHERE attribution_id = {attribution})"
    each, last = _each(count), first + count * SHARES
    between = f"BETWEEN {uuid_of(first + 1)} AND {uuid_of(last)}"
    made = f"(SELECT id, affiliate_id FROM affiliates_attribution WHERE id {between})"
    number = f"{first} + row_number() OVER ()"
    unique = {"reference": f"'R' || ({number})", "link_index": index_of(number)}
    copy_rows(Order, f"old.id = {order}", each, first, **unique)
    copy_rows(
        Attribution, f"old.id = {attribution}", each, first, affiliate_id="new.affiliate", order_id=uuid_of(number)
    )
    copy_rows(
        Commission,
        f"old.id = {commission}",
        made,
        None,
        id="new.id",
        attribution_id="new.id",
        number=_last_ten("new.id"),
        **_some_pending(),
    )
    copy_rows(
        LedgerEntry,
        f"old.commission_id = {commission} AND NOT {PENDING}",
        made,
        None,
        id="new.id",
        affiliate_id="new.affiliate_id",
        commission_id="new.id",
    )
    _roll_up(DailySales.objects.all(), orders=count, sales_minor=count * PRICE, earned_minor=count * COMMISSION)
    return count * SHARES


def _some_pending() -> dict[str, str]:
    """Columns for commissions, some of them pending until times within the next thirty days."""
    seconds = "row_number() OVER () * 7919 % 2592000"
    if connection.vendor == "sqlite":
        until = f"strftime('%Y-%m-%d %H:%M:%S', 'now', '+' || ({seconds}) || ' seconds')"
    else:
        until = f"now() + ({seconds}) * interval '1 second'"
    return {
        "state": f"CASE WHEN {PENDING} THEN 'pending' ELSE old.state END",
        "approved_at": f"CASE WHEN {PENDING} THEN NULL ELSE old.approved_at END",
        "hold_until": until,
    }


def _last_ten(column: str) -> str:
    """A distinct number for each commission."""
    return f"upper(substr(CAST({column} AS text), length(CAST({column} AS text)) - 9))"


def flag_some() -> None:
    """Flags an approved commission of each affiliate, so that part of the balance is held."""
    for affiliate in Affiliate.objects.all():
        approved = Attribution.objects.filter(affiliate=affiliate, commission__state=Commission.State.APPROVED)
        raise_flag(attribution=approved[0], kind=Flag.Kind.SAME_PAYER)


def _roll_up(figures: models.QuerySet[Any], **more: int) -> None:
    """Adds to the figures that stand what the clock would add: so much for a typical affiliate, and more for the heavy.

    Counting ten million rows again would take longer than making them. At first no figures stand: `rebuild` makes them.
    """
    for share, rows in (
        (1, figures.exclude(affiliate__code=HEAVY)),
        (TYPICAL, figures.filter(affiliate__code=HEAVY)),
    ):
        rows.update(**{name: F(name) + count * share for name, count in more.items()})


def fold_at_once() -> None:
    """The result of `merge_balance_rows`, in a few statements."""
    BalanceDelta.objects.all().delete()
    correct_balances()


@contextmanager
def at_any_risk() -> Iterator[None]:
    """Trades crash safety for speed: the database is disposable, and SQLite writes each page once."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=OFF")
        cursor.execute("PRAGMA synchronous=OFF")
        yield
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")


def copy_rows(model: type[models.Model], which: str, new: str, first: int | None, **values: str) -> None:
    """Inserts the row `which` once per row of `new`, with the given values replaced."""
    if first is not None:
        values["id"] = uuid_of(f"{first} + row_number() OVER ()")
    columns = [field.column for field in model._meta.local_concrete_fields]
    chosen = ", ".join(values.get(column, f"old.{column}") for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} old, {new} new WHERE {which}"
        )


def _each(count: int) -> str:
    """Each typical affiliate `count` times, and the heavy one as often as all others together."""
    most = count * TYPICAL
    series = f"WITH RECURSIVE series(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < {most})"
    typical = f"SELECT a.id FROM affiliates_affiliate a, series WHERE a.code <> '{HEAVY}' AND i <= {count}"
    heavy = f"SELECT a.id FROM affiliates_affiliate a, series WHERE a.code = '{HEAVY}'"
    return f"(SELECT id AS affiliate FROM ({series} {typical} UNION ALL {heavy}) every)"


def uuid_of(number: int | str) -> str:
    """A small number as a UUID, in SQL."""
    if connection.vendor == "sqlite":
        return f"printf('%032x', {number})"
    return f"lpad(to_hex({number}), 32, '0')::uuid"


def index_of(number: str) -> str:
    """A number in the shape of a blind index, in SQL."""
    if connection.vendor == "sqlite":
        return f"CAST(printf('%0{INDEX_BYTES}d', {number}) AS blob)"
    return f"convert_to(lpad(({number})::text, {INDEX_BYTES}, '0'), 'UTF8')"
