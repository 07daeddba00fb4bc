"""Staff correct a mistyped address: the wrong recipient's mail opens nothing anymore. And they send receipts again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.evidence.sweep.run import sweep
from privacy.mail.bounces import mark_undeliverable
from privacy.models import OutgoingMail
from shop.delivery.downloads import download_link
from shop.delivery.licenses import issue_license
from shop.delivery.order_links import correct_address
from shop.mails import RECEIPT, mail_buyer
from shop.models import Order, Product
from tests import factories
from tests.staff_pages import Page
from tests.worker import run_due_tasks

WRONG, RIGHT = "carol@exmaple.org", "carol@example.org"


@pytest.fixture
def order(product: Product) -> Order:
    order = factories.order(product, WRONG, state=Order.State.PAID, paid_at=timezone.now())
    issue_license(order=order)
    return order


def address(order: Order, step: str = "correct-address") -> str:
    return f"/admin/shop/order/{order.pk}/{step}/"


def correct(staff: Client, order: Order, email: str = RIGHT) -> Page:
    return Page(staff, address(order)).submit(email=email)


def mails() -> list[tuple[str, str]]:
    run_due_tasks()
    return [(message.to[0], str(message.subject)) for message in mail.outbox]


def test_wrong_recipients_mail_opens_nothing_and_the_buyer_gets_a_new_link(
    staff: Client, client: Client, order: Order, bob: User
) -> None:
    release = factories.release(order.product)
    mail_buyer(RECEIPT, order)
    run_due_tasks()
    [sent] = mail.outbox
    [theirs] = set(re.findall(r"/orders/[^/]+/", str(sent.body)))
    download, key = download_link(order=order, file=release), order.licenses.get().key
    assert client.get(theirs).status_code == 200
    mail.outbox.clear()

    page = correct(staff, order)
    assert "The address was corrected" in page.text
    for path in (theirs, f"{theirs}receipt/", download):
        assert client.get(path).status_code == 404, path
    assert client.post(f"{theirs}download/{release.pk}/").status_code == 404
    order.refresh_from_db()
    assert order.email == RIGHT
    assert key not in client.get(order.get_absolute_url()).content.decode()
    assert order.licenses.working().get().key in client.get(order.get_absolute_url()).content.decode()
    assert sorted(mails()) == [
        (RIGHT, f"Your new license key ({order.reference})"),
        (RIGHT, f"Your receipt ({order.reference})"),
    ]
    assert all(order.get_absolute_url() in str(message.body) for message in mail.outbox)
    entry = AuditEntry.objects.get(action="shop.email_address.changed", object_id=str(order.pk))
    assert entry.actor == bob.pk


def test_receipt_that_went_to_the_former_address_breaks_no_promise(staff: Client, order: Order) -> None:
    mail_buyer(RECEIPT, order)
    mails()
    correct(staff, order)
    mails()
    assert OutgoingMail.objects.filter(kind=RECEIPT.template, state=OutgoingMail.State.SENT).count() == 2
    assert [breach.place for breach in sweep(seconds=20).breaches if "mail" in breach.place] == []


def test_wrong_recipient_finds_no_order_and_the_buyer_does(staff: Client, client: Client, order: Order) -> None:
    correct(staff, order)
    mails()
    mail.outbox.clear()
    for email in (WRONG, RIGHT):
        client.post("/orders/find/", {"email": email})
    assert mails() == [(RIGHT, "Links to your orders")]


def test_pending_mail_to_the_wrong_address_is_not_sent(staff: Client, order: Order) -> None:
    mail_buyer(RECEIPT, order)
    correct(staff, order)
    assert {to for to, _ in mails()} == {RIGHT}


def test_wrong_recipients_wish_for_release_notices_ends(staff: Client, client: Client, order: Order) -> None:
    client.post(f"{order.get_absolute_url()}release-notices/", {"wanted": "yes"})
    order.refresh_from_db()
    assert order.release_notices_after
    correct(staff, order)
    order.refresh_from_db()
    assert order.release_notices_after is None


@pytest.mark.parametrize("state", ["open", "pending"])
def test_unpaid_order_gets_its_new_link(staff: Client, client: Client, product: Product, state: str) -> None:
    order = factories.order(product, WRONG, state=state)
    correct(staff, order)
    assert mails() == [(RIGHT, "Links to your orders")]
    order.refresh_from_db()
    assert order.get_absolute_url() in str(mail.outbox[0].body)
    assert client.get(order.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(("typed", "words"), [(WRONG, "has this address already"), ("carol", "valid email")])
def test_refused_correction_changes_nothing_and_says_why(
    staff: Client, client: Client, order: Order, typed: str, words: str
) -> None:
    page = correct(staff, order, typed)
    assert words in page.text
    assert client.get(order.get_absolute_url()).status_code == 200
    assert not mails()


def test_deleted_buyers_order_gets_no_address(staff: Client, order: Order, bob: User) -> None:
    erase_person(email=WRONG)
    assert "no longer available" in Page(staff, address(order), staff.get(address(order), follow=True)).text
    with pytest.raises(ActionRefused):
        correct_address(order=order, email=RIGHT, actor=bob)


def test_undeliverable_new_address_is_reported(staff: Client, order: Order) -> None:
    mark_undeliverable(RIGHT, code="5.1.1")
    assert "can't be mailed" in correct(staff, order).text
    assert not mails()


def test_same_form_sent_twice_rotates_the_link_once(staff: Client, order: Order) -> None:
    page = Page(staff, address(order))
    page.submit(email=RIGHT)
    order.refresh_from_db()
    link = order.link_token
    page.submit(email=RIGHT)
    order.refresh_from_db()
    assert order.link_token == link
    assert len(mails()) == 2


def test_correction_asks_for_the_password_again(
    staff: Client, client: Client, order: Order, clock: Any, settings: Settings
) -> None:
    settings.REAUTHENTICATION_MINUTES = 15
    clock.shift(16 * 60)
    assert "Confirm your identity" in staff.post(address(order), {"email": RIGHT}).content.decode()
    assert client.get(order.get_absolute_url()).status_code == 200


def test_staff_send_the_receipt_again(staff: Client, order: Order, bob: User) -> None:
    page = Page(staff, f"/admin/shop/order/{order.pk}/change/").press("Send the receipt again")
    assert "on its way" in page.text
    assert mails() == [(WRONG, f"Your receipt ({order.reference})")]
    assert AuditEntry.objects.get(action="shop.receipt.sent_again").actor == bob.pk


def test_receipt_to_an_undeliverable_address_is_refused_with_a_reason(staff: Client, order: Order) -> None:
    mark_undeliverable(WRONG, code="5.1.1")
    page = Page(staff, f"/admin/shop/order/{order.pk}/change/").press("Send the receipt again")
    assert "Not sent: undeliverable since" in page.text


def test_unpaid_order_has_no_receipt_to_send(staff: Client, product: Product) -> None:
    order = factories.order(product)
    assert "Send the receipt" not in staff.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
