"""`import_orders`: paid orders of a former shop move in once, with their keys, and nothing that the policy forbids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from aitpro.housekeeping import housekeep
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.policy.models import PolicyVersion
from privacy.registry.policy_snapshot import running, without
from shop.models import License, Order, Product
from shop.moving_in import batches, orders
from shop.moving_in.notices import notify_moved_buyers
from tests import factories
from tests.privacy.audit.guards import guards_lifted
from tests.privacy.search.test_one_search import search

from .exports import EDD, EDD_LICENSES, WOOCOMMERCE, edd_row, export, run

CAROL, DAVE = "carol@example.org", "dave@example.org"
KEY = "c6f1a2b3d4e5f60718293a4b5c6d7e8f"  # as Easy Digital Downloads makes them


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, product: Product) -> None:
    """Noon, and BPS Pro."""


@pytest.fixture
def edd(tmp_path: Path) -> Path:
    """An order of Carol, one that was never paid, one that was refunded, and one from eight years ago."""
    return export(
        tmp_path / "edd.csv",
        EDD,
        edd_row(1043, email=CAROL, IP_Address="203.0.113.9"),
        edd_row(1044, email=DAVE, Status="abandoned", IP_Address="203.0.113.10"),
        edd_row(1045, email=DAVE, Status="refunded"),
        edd_row(1046, email=DAVE, Date="2018-03-01 00:00:00"),
    )


def move(file: Path, *arguments: str, source: str = "edd") -> str:
    return run("import_orders", file, *arguments, source=source)


def test_rehearsal_says_what_would_move_in_and_stores_nothing(edd: Path) -> None:
    printed = move(edd)
    assert "1 order would move in." in printed
    assert "Left out: 2 (not paid, or refunded)." in printed
    assert "Left out: 1 (older than our privacy policy keeps orders)." in printed
    assert "Dropped: 2 network addresses. Our privacy policy doesn't allow us to take them over." in printed
    assert "Nothing was stored." in printed
    assert not Order.objects.exists()


def test_applied_import_stores_paid_order_with_its_number_amount_and_time(edd: Path) -> None:
    assert "1 order moved in." in move(edd, "--apply")
    order = Order.objects.get()
    assert (order.reference, str(order.total), order.email) == ("EDD-1043", "$59.95", CAROL)
    assert (order.name, order.former_shop) == ("Carol Customer", "Easy Digital Downloads")
    assert order.placed_at == datetime(2025, 6, 1, 8, 30, tzinfo=UTC)
    assert order.is_delivered
    assert AuditEntry.objects.filter(action="shop.order.moved_in").count() == 1


def test_moved_order_is_no_income_of_this_shop(edd: Path) -> None:
    move(edd, "--apply")
    assert Order.objects.get().paid_at is None
    assert not Order.objects.get().payments.exists()


def test_second_run_stores_nothing_again(edd: Path) -> None:
    move(edd, "--apply")
    printed = move(edd, "--apply")
    assert "0 orders moved in." in printed
    assert "Here already: 1." in printed
    assert Order.objects.count() == 1


def test_second_run_goes_on_where_the_first_broke_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [edd_row(1000 + number, email=f"buyer{number}@example.org") for number in range(7)]
    file = export(tmp_path / "edd.csv", EDD, *rows)
    monkeypatch.setattr(batches, "BATCH", 3)
    store = orders.OrderImporter.store

    def store_until_power_fails(importer: Any, rows: Any) -> None:
        if Order.objects.exists():
            raise KeyboardInterrupt
        store(importer, rows)

    monkeypatch.setattr(orders.OrderImporter, "store", store_until_power_fails)
    with pytest.raises(KeyboardInterrupt):
        move(file, "--apply")
    assert Order.objects.count() == 3
    monkeypatch.setattr(orders.OrderImporter, "store", store)
    printed = move(file, "--apply")
    assert "4 orders moved in." in printed
    assert "Here already: 3." in printed


def test_batch_is_read_again_if_its_order_moves_in_meanwhile(edd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check, looks = orders.OrderImporter.check, list[Any]()

    def check_before_another_run(importer: Any, rows: Any) -> Any:
        checked = check(importer, rows)
        if not looks and checked.new:
            looks.append(checked)
            Order.objects.bulk_create([importer._order(checked.new[0])])
        return checked

    monkeypatch.setattr(orders.OrderImporter, "check", check_before_another_run)
    # The other run's row is rolled back with the first try here; on its own connection it would stay.
    assert "moved in." in move(edd, "--apply")
    assert Order.objects.count() == 1


def test_old_key_moves_in_and_is_found_by_staff(edd: Path, tmp_path: Path, staff: Client, client: Client) -> None:
    move(edd, "--apply")
    licenses = export(
        tmp_path / "keys.csv", EDD_LICENSES, {"License Key": KEY, "Status": "active", "Payment ID": "1043"}
    )
    assert "1 license would move in." in move(licenses)
    assert "1 license moved in." in move(licenses, "--apply")
    assert License.objects.working().get().key == KEY
    assert "Here already: 1." in move(licenses, "--apply")
    page = client.get(Order.objects.get().get_absolute_url()).content.decode()
    assert KEY in page
    assert "Easy Digital Downloads, before we moved here" in page
    assert "EDD-1043" in search(staff, KEY).content.decode()


def test_key_in_the_export_of_orders_moves_in_with_its_order(tmp_path: Path) -> None:
    file = export(tmp_path / "edd.csv", f"{EDD},License Key", edd_row(1043, email=CAROL, License_Key=KEY))
    assert "1 order moved in." in move(file, "--apply")
    assert License.objects.get(key_index=KEY).order.reference == "EDD-1043"


def test_license_key_is_stored_sealed(tmp_path: Path) -> None:
    file = export(tmp_path / "edd.csv", f"{EDD},License Key", edd_row(1043, email=CAROL, License_Key=KEY))
    move(file, "--apply")
    [stored] = License.objects.values_list("key", "key_index")
    assert KEY.encode() not in bytes(stored[1])
    assert KEY not in str(License.objects.get())


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Payment_ID": "9"}, "line 2: order: has not moved in"),
        ({"License_Key": "a b"}, "line 2: license key: more than one"),
        ({"License_Key": ""}, "line 2: license key: missing"),
        ({"Status": "expired"}, "Left out: 1 (disabled or expired)."),
    ],
)
def test_license_that_cannot_move_in_is_named_by_its_line(
    edd: Path, tmp_path: Path, cells: dict[str, str], says: str
) -> None:
    move(edd, "--apply")
    row = {"License Key": KEY, "Status": "active", "Payment ID": "1043"}
    row |= {heading.replace("_", " "): cell for heading, cell in cells.items()}
    assert says in move(export(tmp_path / "keys.csv", EDD_LICENSES, row), "--apply")
    assert not License.objects.exists()


def test_woocommerce_export_moves_in(tmp_path: Path) -> None:
    row = {
        "order_id": "77",
        "order_number": "#77",
        "order_date": "06/01/2025 08:30:00",
        "status": "completed",
        "order_total": "59.95",
        "order_currency": "USD",
        "customer_ip_address": "203.0.113.9",
        "customer_user_agent": "Mozilla/5.0",
        "billing_first_name": "Carol",
        "billing_last_name": "Customer",
        "billing_email": CAROL,
        "line_item_1": "name:BPS Pro|product_id:12|sku:bps|quantity:1|total:59.95",
    }
    printed = move(export(tmp_path / "woo.csv", WOOCOMMERCE, row), "--apply", source="woocommerce")
    assert "1 order moved in." in printed
    assert "Dropped: 1 browser name." in printed
    order = Order.objects.get()
    assert (order.reference, order.placed_at.date().isoformat()) == ("WOO-77", "2025-06-01")


def test_plain_csv_moves_in(tmp_path: Path) -> None:
    row = {"id": "A-1", "name": "Carol", "email": CAROL, "product": "bps-pro", "amount": "10.00", "state": "paid"}
    headings = "id,name,email,product,currency,amount,placed at,state,license key"
    file = export(tmp_path / "plain.csv", headings, {**row, "placed at": "2025-06-01", "license key": KEY})
    assert "1 order moved in." in move(file, "--apply", source="csv")
    assert Order.objects.get().reference == "OLD-A-1"


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Email": ""}, "email: missing"),
        ({"Email": "carol at example"}, "email: not a valid email address"),
        ({"Amount": "59,95"}, "amount: not an amount in USD with a decimal point; for decimal commas"),
        ({"Amount": "-59.95"}, "amount: negative"),
        ({"Currency": "XTS"}, "currency: not one that PayPal supports"),
        ({"Date": "last summer"}, "date: not a date such as"),
        ({"Date": "2031-01-01"}, "date: in the future"),
        ({"Products": "Unknown - $5.00"}, "products: not the name of a product here"),
        ({"Products": "BPS Pro - $59.95 / Other - $5.00"}, "products: more than one"),
        ({"ID": ""}, "id: missing"),
        ({"ID": "4111111111111111"}, "id: not up to 15 letters"),
        ({"First_Name": "Carol 4111 1111 1111 1111"}, "name: contains a payment card number"),
        ({"First_Name": "Carol\x00"}, "contains a null character"),
        ({"First_Name": "C" * 200}, "name: longer than 150 characters"),
    ],
)
def test_unreadable_line_is_named_without_its_values_and_stores_nothing(
    tmp_path: Path, cells: dict[str, str], says: str
) -> None:
    file = export(tmp_path / "edd.csv", EDD, {**edd_row(1043, email=CAROL, **cells)}, edd_row(1044, email=DAVE))
    printed = move(file, "--apply")
    assert f"line 2: {says}" in printed
    assert "1 order moved in." in printed
    assert "ERROR: 1 line could not be read." in printed
    assert Order.objects.get().email == DAVE
    assert CAROL not in printed
    assert "4111" not in printed


def test_order_twice_in_a_file_names_the_first_line(tmp_path: Path) -> None:
    file = export(tmp_path / "edd.csv", EDD, edd_row(1043, email=CAROL), edd_row(1043, email=DAVE))
    assert "line 3: id: the same as in line 2" in move(file)


def test_decimal_commas_move_in_if_the_operator_says_so(tmp_path: Path) -> None:
    file = export(tmp_path / "edd.csv", EDD, edd_row(1043, email=CAROL, Amount="1.059,95"))
    assert "line 2: amount" in move(file)
    assert "1 order moved in." in move(file, "--decimal-comma", "--apply")
    assert str(Order.objects.get().total) == "$1,059.95"


def test_product_option_is_for_every_order(tmp_path: Path) -> None:
    other = factories.product(slug="other", name="Other")
    file = export(tmp_path / "edd.csv", EDD, edd_row(1043, email=CAROL, Products="Bundle / Gift"))
    assert "1 order moved in." in move(file, "--product", "other", "--apply")
    assert Order.objects.get().product == other
    assert "ERROR: There is no product with this slug." in move(file, "--product", "none")


def test_file_of_another_program_is_refused_with_the_missing_heading(tmp_path: Path) -> None:
    printed = move(export(tmp_path / "edd.csv", "Name,Town", {"Name": "Carol"}))
    assert "ERROR: This is not an export of orders: a heading is missing: id, email" in printed


def test_missing_file_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    assert "ERROR: The file can't be opened" in move(tmp_path / "none.csv")


def test_buyer_is_told_once_about_all_orders(
    tmp_path: Path, work: Callable[[], int], clock: time_machine.Traveller
) -> None:
    rows = [edd_row(1043, email=CAROL), edd_row(1044, email=CAROL.upper()), edd_row(1045, email=DAVE)]
    move(export(tmp_path / "edd.csv", EDD, *rows), "--apply")
    assert housekeep(now=datetime.now(UTC))["moved buyers notified"] == 2
    assert notify_moved_buyers(now=datetime.now(UTC)) == 0
    work()
    told = {message.to[0]: message for message in mail.outbox if message.subject == "Your orders have moved"}
    assert {address.lower() for address in told} == {CAROL, DAVE}
    assert any("Your 2 orders moved with it" in str(message.body) for message in told.values())
    assert not any("Carol" in str(message.body) for message in told.values())


def test_moved_order_has_no_receipt_and_no_refund_here(edd: Path, client: Client) -> None:
    move(edd, "--apply")
    page = Order.objects.get().get_absolute_url()
    assert "Request a refund" not in client.get(page).content.decode()
    assert client.get(f"{page}receipt/").status_code == 302


def test_buyer_finds_moved_orders(edd: Path, client: Client, work: Callable[[], int]) -> None:
    move(edd, "--apply")
    client.post("/orders/find/", {"email": CAROL})
    work()
    assert "EDD-1043" in str(mail.outbox[-1].body)


def test_deleted_buyer_does_not_come_back_with_another_run(edd: Path) -> None:
    move(edd, "--apply")
    erase_person(email=CAROL)
    assert "Here already: 1." in move(edd, "--apply")
    order = Order.objects.get()
    assert (order.email, order.former_shop) == (None, None)


def test_nothing_moves_in_before_the_policy_in_effect_covers_it(edd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from privacy.registry import policy_gate

    monkeypatch.setattr(policy_gate, "_waiting", policy_gate._waiting)
    version = PolicyVersion.objects.get(state="in_effect")
    version.take(without(running(), ["shop_order.former_shop"]))
    with guards_lifted():
        version.save()
    policy_gate.forget()
    assert "Before --apply, the privacy policy in effect has to cover: shop_order.former_shop." in move(edd)
    printed = move(edd, "--apply")
    assert "ERROR: The privacy policy in effect does not cover shop_order.former_shop yet." in printed
    assert not Order.objects.exists()
