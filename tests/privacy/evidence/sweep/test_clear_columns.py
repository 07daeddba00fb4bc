"""What lies readable in a column is found, turns exactly its row red, and the report does not repeat it."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate
from privacy.consent.opt_out_backup import copy_missing_opt_outs
from privacy.consent.opt_outs import suppress
from privacy.evidence.rehearsal.live_health import not_tried_while_down
from privacy.keystore.models import OptOutCopy
from privacy.models import Heartbeat, LimitSlot
from privacy.models.evidence import Measurement
from privacy.registry.purposes import Channel
from privacy.web.rate_limits import DAY, has_room
from shop.models import Order, Product
from tests import factories

from .conftest import broken_by, places, swept

pytestmark = pytest.mark.django_db

ADDRESS = "carol.customer@example.org"


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, email=ADDRESS, name="Carol Customer", phone="+1 805 555 0123")


def write(table: str, column: str, value: str) -> None:
    """Past the models, as a defect would."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


def test_nothing_is_found_where_nothing_is_wrong(order: Order, alice: Affiliate) -> None:
    factories.payment(order)
    factories.inquiry(message="Do you guard more than one site? Write to carol.customer@example.org.")
    report = swept()
    assert places(report) == []
    assert report.searches["encrypted"] > 100
    assert report.searches["paypal-only"] > 50


@pytest.mark.parametrize("window", [60, 60 * 60, DAY])
def test_the_key_of_a_limit_is_not_taken_for_a_phone_number(window: int) -> None:
    moments = [datetime.fromtimestamp(29_934_566 * 60 + number * window, UTC) for number in range(20)]
    assert all(has_room("test network", "203.0.113.0/24", slots=1, now=moment, window=window) for moment in moments)
    assert LimitSlot.objects.count() == 2 * len(moments)
    assert places(swept()) == []


def test_a_sealed_value_in_a_clear_column_is_found(order: Order) -> None:
    factories.payment(order)
    write("shop_payment", "problem", f"no mail to {ADDRESS}!")
    report = swept()
    assert broken_by(report) == {"encrypted"}
    assert "shop_order.email can be read in shop_payment.problem (plain)" in places(report)


def test_name_and_encoded_spellings_in_a_clear_column_are_found(order: Order) -> None:
    texts = {
        "problem": "carol customer did not pay",
        "approve_url": f"https://www.paypal.com/{ADDRESS.replace('@', '%40')}",
        "capture_id": base64.b64encode(f"to {ADDRESS}".encode()).decode(),
        "paypal_order_id": hashlib.md5(ADDRESS.encode()).hexdigest(),
    }
    factories.payment(order)
    for column, text in texts.items():
        write("shop_payment", column, text)
    report = swept()
    assert broken_by(report) == {"encrypted"}
    found = " ".join(places(report))
    assert "shop_order.name can be read in shop_payment.problem (lower-cased)" in found
    assert "shop_order.email can be read in shop_payment.approve_url (URL-encoded)" in found
    assert "shop_order.email can be read in shop_payment.capture_id (in base64" in found
    assert "shop_order.email can be read in shop_payment.paypal_order_id (as md5 without a key)" in found


def test_the_report_repeats_no_value(order: Order) -> None:
    payment = factories.payment(order)
    write("shop_payment", "problem", f"Carol Customer, {ADDRESS}, +1 805 555 0123, 203.0.113.77, 4111 1111 1111 1111")
    report = swept()
    assert broken_by(report) == {"encrypted", "paypal-only"}
    assert len(places(report)) >= 5
    for value in ("carol", "Carol", "555", "203.0", "4111", str(payment.pk), str(payment.pk.hex)):
        assert value not in str(report)


def test_a_value_with_letters_beyond_ascii_is_found_in_json(product: Product) -> None:
    factories.order(product, email=ADDRESS, name="Zoë Müller-Lüdenscheid")
    factories.affiliate("a@example.com", "DEMO")
    write("privacy_measurement", "figures", json.dumps({"last": "none"}))

    Measurement.objects.create(
        promise="access", kept=True, figures={"last": "Zoë Müller-Lüdenscheid"}, measured_at="2026-03-02T12:00Z"
    )
    report = swept()
    assert broken_by(report) == {"encrypted"}
    assert "shop_order.name can be read in privacy_measurement.figures" in places(report)[0]


def test_the_number_of_a_card_breaks_its_own_promise(order: Order) -> None:
    factories.payment(order)
    write("shop_payment", "problem", "4111 1111 1111 1111")
    report = swept()
    assert places(report) == ["shop_payment.problem contains what looks like a card number"]
    assert broken_by(report) == {"paypal-only"}


def test_card_number_in_a_sealed_column_breaks_the_promise_about_paypal(order: Order) -> None:
    factories.inquiry(message="Why was my card 4111 1111 1111 1111 not taken?")
    report = swept()
    assert places(report) == ["contacts_inquiry.message contains what looks like a card number"]
    assert broken_by(report) == {"paypal-only"}


def test_a_visitors_address_breaks_the_promise_about_visitors(order: Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO traffic_domainday (day, domain, views) VALUES ('2026-03-02', '203.0.113.77', 3)")
    report = swept()
    assert places(report) == ["traffic_domainday.domain contains what looks like an IP address"]
    assert broken_by(report) == {"direct-visits-domain-only"}


def test_the_token_of_a_link_in_place_of_its_digest_is_found(order: Order) -> None:
    write("shop_order", "checkout_digest", "k3V9xQ2mT7bN4cZ8wR5yP1sD6fG0hJk3V9xQ2mT7bN4")
    report = swept()
    assert "shop_order.checkout_digest contains something other than a hash" in places(report)
    assert broken_by(report) == {"encrypted"}


def test_a_sealed_token_that_can_be_read_is_found(order: Order) -> None:
    factories.payment(order)
    write("shop_payment", "approve_url", f"https://www.paypal.com/?return={order.link_token}")
    report = swept()
    assert places(report) == ["shop_order.link_token can be read in shop_payment.approve_url (plain)"]
    assert broken_by(report) == {"encrypted"}


def test_a_table_of_a_library_is_searched(order: Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE library_notes (id integer PRIMARY KEY, note varchar(200))")
        cursor.execute("INSERT INTO library_notes VALUES (1, %s)", [f"{ADDRESS} wrote"])
    report = swept()
    assert "shop_order.email can be read in library_notes.note (plain)" in places(report)
    assert "library_notes.note is in clear text without a declared reason" in places(report)
    assert broken_by(report) == {"encrypted"}


def test_a_table_without_a_key_is_searched(order: Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE library_lines (line text)")
        cursor.execute("INSERT INTO library_lines VALUES (%s)", [ADDRESS])
    assert "shop_order.email can be read in library_lines.line (plain)" in places(swept())


def test_a_column_that_takes_its_values_from_a_list_is_searched_too(order: Order) -> None:
    write("shop_order", "state", "x@y.example")
    assert places(swept()) == ["shop_order.state contains what looks like an email address"]


def test_the_cache_in_the_database_is_searched(order: Order) -> None:
    caches["limits"].set("somebody", ADDRESS.encode(), 3600)
    report = swept()
    assert "shop_order.email can be read in privacy_limits.value" in " ".join(places(report))
    assert broken_by(report) == {"encrypted"}


def test_keys_of_cached_rate_limits_are_searched(order: Order) -> None:
    caches["limits"].set(f"limit-{ADDRESS}", b"1", 3600)
    assert "privacy_limits.cache_key contains what looks like an email address" in places(swept())


def test_limits_that_are_kept_as_they_are_to_be_are_no_finding(order: Order) -> None:
    assert has_room("mail address", ADDRESS, slots=3, now=timezone.now())
    assert places(swept()) == []


def test_what_the_rehearsal_tries_the_caches_with_is_no_finding(order: Order) -> None:
    with mock.patch.object(type(caches["limits"]), "delete"):  # the sweep may look just in between
        assert not_tried_while_down(now=timezone.now()) == set()
    assert places(swept()) == []


def test_the_key_store_is_searched(order: Order) -> None:
    suppress("quinn@example.org", Channel.EMAIL)
    copy_missing_opt_outs(now=timezone.now())
    OptOutCopy.objects.update(point="q@example.org")
    assert places(swept()) == ["keystore_optoutcopy.point contains what looks like an email address"]


def test_public_text_identifies_nobody(product: Product) -> None:
    """An address that staff publish is on their accounts as well; a name may be a role's by chance."""
    factories.user("support@example.com", name="Privacy officer", is_staff=True)
    product.description = "Write to support@example.com."
    product.save()
    assert places(swept()) == []


def test_an_orders_number_that_its_buyer_repeats_tells_of_nobody(order: Order) -> None:
    factories.inquiry(order_reference=order.reference)
    assert places(swept()) == []


def test_every_row_is_looked_at_wherever_the_sweep_begins(order: Order) -> None:
    for number in range(40):
        Heartbeat.objects.create(name=f"work {number}", at="2026-03-02T12:00Z")
    Heartbeat.objects.filter(name="work 3").update(name="a@example.net")
    for _ in range(5):
        assert places(swept()) == ["privacy_heartbeat.name contains what looks like an email address"]


def test_account_without_a_password_is_no_finding(alice: Affiliate) -> None:
    alice.user.set_unusable_password()
    alice.user.save()
    erased = factories.user("erased@example.org")
    User.objects.filter(pk=erased.pk).update(password="!")
    assert places(swept()) == []
