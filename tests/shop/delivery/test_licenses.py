"""Licenses: one per paid order, shown on its page, never in clear text, revoked by a full refund."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail
from privacy.requests.archive import collect
from shop.models import Order, Payment, Product
from shop.models.delivery import License
from shop.payments.capture_booking import apply_capture
from shop.payments.refunds import apply_refund
from shop.paypal.types import CaptureStatus, RefundStatus
from tests import factories
from tests.shop.purchases import capture_of, refund_of


@pytest.fixture
def payment(product: Product) -> Payment:
    """Carol's payment, approved and not collected yet."""
    return factories.payment(
        factories.order(product), state=Payment.State.CAPTURING, paypal_order_id="5O190127TN364715T"
    )


def page_of(client: Client, order: Order) -> str:
    return client.get(order.get_absolute_url()).content.decode()


def pay(payment: Payment, status: CaptureStatus = CaptureStatus.COMPLETED) -> Payment:
    return apply_capture(payment=payment, capture=capture_of(payment, status))


def give_back(payment: Payment, amount: str, number: str) -> None:
    payment.refresh_from_db()
    refund = payment.refunds.create(amount_minor=int(amount.replace(".", "")), currency="USD")
    apply_refund(refund=refund, remote=refund_of(payment, amount, number))


def test_a_paid_order_shows_its_key(client: Client, payment: Payment) -> None:
    pay(payment)
    key = License.objects.get(order=payment.order).key
    assert len(key) == 29
    assert key in page_of(client, payment.order)


def test_a_pending_payment_brings_no_key_until_it_arrives(client: Client, payment: Payment) -> None:
    pay(payment, CaptureStatus.PENDING)
    assert "Your license key" not in page_of(client, payment.order)
    assert not License.objects.exists()
    pay(payment)
    assert "Your license key" in page_of(client, payment.order)


def test_money_told_of_twice_brings_one_key(payment: Payment) -> None:
    pay(payment)
    key = License.objects.get().key
    pay(payment)
    assert License.objects.get().key == key


def test_the_database_allows_one_license_an_order_and_no_key_twice(product: Product, payment: Payment) -> None:
    pay(payment)
    license = License.objects.get()
    for fields in ({"order": payment.order, "key": "other"}, {"order": factories.order(product), "key": license.key}):
        with pytest.raises(IntegrityError), transaction.atomic():
            License.objects.create(**fields)


def test_license_is_issued_in_the_payments_transaction(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**anything: object) -> None:
        raise RuntimeError("no power")

    monkeypatch.setattr("shop.delivery.fulfillment.issue_license", fails)
    with pytest.raises(RuntimeError):
        pay(payment)
    payment.refresh_from_db()
    assert (payment.state, payment.order.state) == (Payment.State.CAPTURING, Order.State.OPEN)


def test_a_product_without_licenses_has_none(client: Client, payment: Payment) -> None:
    Product.objects.update(issues_license=False)
    pay(Payment.objects.get())
    page = page_of(client, payment.order)
    assert "your order is paid" in page
    assert "Your license key" not in page


def test_the_key_is_stored_sealed(payment: Payment) -> None:
    pay(payment)
    key = License.objects.get().key
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, key_index FROM shop_license")
        stored = [bytes(value) for value in cursor.fetchone()]
    assert len(stored[0]) > len(key)
    assert not [value for value in stored if key.encode() in value]


def test_the_receipt_leads_to_the_key_without_holding_it(payment: Payment, work: Callable[[], int]) -> None:
    pay(payment)
    work()
    text = mail.outbox[0].body
    assert payment.order.get_absolute_url() in text
    assert License.objects.get().key not in text


def test_the_outbox_forgets_the_link_once_the_receipt_is_delivered(payment: Payment, work: Callable[[], int]) -> None:
    pay(payment)
    assert payment.order.link_token in OutgoingMail.objects.get().text
    work()
    assert payment.order.link_token not in OutgoingMail.objects.get().text


def test_a_partial_refund_leaves_the_license(client: Client, payment: Payment) -> None:
    pay(payment)
    give_back(payment, "9.95", "R1")
    page = page_of(client, payment.order)
    assert "partially refunded" in page
    assert License.objects.get().key in page


def test_a_full_refund_ends_it_visibly_and_once(client: Client, payment: Payment) -> None:
    pay(payment)
    give_back(payment, "9.95", "R1")
    give_back(payment, "50.00", "R2")
    license = License.objects.get()
    page = page_of(client, payment.order)
    assert license.revoked_at is not None
    assert "The payment was refunded on" in page
    assert license.key not in page
    assert AuditEntry.objects.filter(action="shop.license.revoked").count() == 1


def fail_late(payment: Payment, number: str) -> None:
    refund = payment.refunds.get(paypal_refund_id=number)
    remote = refund_of(payment, str(refund.total.amount), number)
    apply_refund(refund=refund, remote=replace(remote, status=RefundStatus.FAILED))


def test_a_refund_that_fails_late_brings_the_key_back_and_the_buyer_is_told(
    client: Client, payment: Payment, work: Callable[[], int]
) -> None:
    pay(payment)
    key = License.objects.get().key
    give_back(payment, "59.95", "R1")
    assert key not in page_of(client, payment.order)
    for _ in range(2):
        fail_late(payment, "R1")
    assert key in page_of(client, payment.order)
    assert AuditEntry.objects.filter(action="shop.license.restored").count() == 1
    work()
    [message] = [sent for sent in mail.outbox if "works again" in sent.subject]
    assert (message.to, key in str(message.body)) == (["carol@example.org"], False)


def test_one_of_two_refunds_that_fails_late_brings_the_key_back(client: Client, payment: Payment) -> None:
    pay(payment)
    give_back(payment, "9.95", "R1")
    give_back(payment, "50.00", "R2")
    assert License.objects.get().revoked_at is not None
    fail_late(payment, "R1")
    assert License.objects.get().key in page_of(client, payment.order)


def test_a_refund_that_fails_after_the_buyer_was_deleted_brings_no_dead_order(client: Client, payment: Payment) -> None:
    pay(payment)
    give_back(payment, "59.95", "R1")
    erase_person(email="carol@example.org")
    assert not License.objects.exists()
    payment.refresh_from_db()
    fail_late(payment, "R1")
    assert License.objects.get().key in page_of(client, payment.order)


def test_delivery_ended_by_the_buyer_stays_ended(client: Client, payment: Payment) -> None:
    pay(payment)
    erase_person(email="carol@example.org")
    give_back(payment, "59.95", "R1")
    payment.refresh_from_db()
    fail_late(payment, "R1")
    assert Order.objects.get().state == Order.State.PAID
    assert not License.objects.exists()


def reissue(staff: Client, order: Order, times: int = 1) -> str:
    """Opens the step from the order's page and presses its button; returns what staff read at the end."""
    page = BeautifulSoup(staff.get(f"/admin/shop/order/{order.pk}/change/").content, "html.parser")
    path = str(next(link["href"] for link in page.select("a") if "New license key" in link.get_text()))
    form = BeautifulSoup(staff.get(path).content, "html.parser").select_one("input[name=replaces]")
    assert form is not None
    for _ in range(times):
        answer = staff.post(path, {"replaces": str(form["value"])}, follow=True)
    return answer.content.decode()


def test_staff_replace_a_key_once_however_often_the_button_is_pressed(
    client: Client, staff: Client, bob: User, payment: Payment, work: Callable[[], int]
) -> None:
    pay(payment)
    old = License.objects.get().key
    assert "was not replaced again" in reissue(staff, payment.order, times=2)
    new = License.objects.working().get().key
    page = page_of(client, payment.order)
    assert (new in page, old in page, new == old) == (True, False, False)
    assert License.objects.get(key_index=old).revoked_at is not None
    assert AuditEntry.objects.get(action="shop.license.reissued").actor == bob.pk
    work()
    [message] = [sent for sent in mail.outbox if "new license key" in sent.subject]
    assert message.to == ["carol@example.org"]
    assert not [key for key in (old, new) if key in str(message.body)]


def test_a_refund_ends_the_new_key_and_its_failure_brings_back_that_one_alone(staff: Client, payment: Payment) -> None:
    pay(payment)
    old = License.objects.get().key
    reissue(staff, payment.order)
    new = License.objects.working().get().key
    give_back(payment, "59.95", "R1")
    assert not License.objects.working().exists()
    fail_late(payment, "R1")
    assert [license.key for license in License.objects.working()] == [new]
    assert License.objects.get(key_index=old).revoked_at is not None


def test_an_order_that_was_refunded_gets_no_new_key(staff: Client, payment: Payment) -> None:
    pay(payment)
    give_back(payment, "59.95", "R1")
    license = License.objects.get()
    assert "New license key" not in staff.get(f"/admin/shop/order/{payment.order_id}/change/").content.decode()
    path = f"/admin/shop/license/reissue/{payment.order_id}/"
    page = staff.post(path, {"replaces": str(license.pk)}, follow=True).content.decode()
    assert "Only a paid order" in page
    assert not License.objects.working().exists()


def test_a_product_without_keys_gets_none_from_staff(staff: Client, payment: Payment) -> None:
    Product.objects.update(issues_license=False)
    pay(Payment.objects.get())
    assert "New license key" not in staff.get(f"/admin/shop/order/{payment.order_id}/change/").content.decode()
    page = staff.post(f"/admin/shop/license/reissue/{payment.order_id}/", {"replaces": ""}, follow=True)
    assert "has no license keys" in page.content.decode()
    assert not License.objects.exists()


def test_the_database_allows_one_working_key_an_order(payment: Payment) -> None:
    pay(payment)
    with pytest.raises(IntegrityError), transaction.atomic():
        License.objects.create(order=payment.order, key="another")


def test_the_audit_tells_of_it_by_ids_alone(payment: Payment) -> None:
    pay(payment)
    entries = AuditEntry.objects.filter(action__startswith="shop.").order_by("pk")
    assert [(entry.action, entry.object_id) for entry in entries] == [
        ("shop.order.paid", str(payment.order_id)),
        ("shop.license.issued", str(License.objects.get().pk)),
    ]


def test_the_buyer_gets_it_in_the_archive(payment: Payment) -> None:
    pay(payment)
    section = next(s for s in collect(email="carol@example.org") if s["what"] == "Your license keys")
    assert section["rows"][0]["license key"] == License.objects.get().key


def test_erasure_deletes_it_and_the_page_says_so(client: Client, payment: Payment) -> None:
    pay(payment)
    erase_person(email="carol@example.org")
    assert not License.objects.exists()
    assert "ended when its buyer asked us to delete their data" in page_of(client, payment.order)


def test_staff_find_an_order_by_its_key_and_the_search_is_recorded(staff: Client, payment: Payment) -> None:
    pay(payment)
    key = License.objects.get().key
    page = staff.get("/admin/shop/license/", {"q": key.lower().replace("-", " ")}).content.decode()
    assert payment.order.reference in page
    assert key not in page
    assert AuditEntry.objects.filter(action="privacy.staff.search").exists()
    assert (
        payment.order.reference not in staff.get("/admin/shop/license/", {"q": "nobody@example.org"}).content.decode()
    )


def test_staff_see_the_key_on_the_order_and_that_is_recorded(staff: Client, payment: Payment) -> None:
    pay(payment)
    page = staff.get(f"/admin/shop/order/{payment.order_id}/change/").content.decode()
    assert License.objects.get().key in page
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=str(payment.order_id)).exists()
