"""The page of one order for staff: what it says, who did it, and what may be done from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail
from privacy.registry.declarations import PersonalData, declaration_for
from shop.delivery.licenses import reissue_license
from shop.models import License, Order, OrderNote, Payment, Product, Refund, RefundReason, RefundRequest
from shop.payments.disputes import apply_dispute
from shop.payments.refunds import apply_refund
from tests import factories
from tests.accounts.test_roles import member
from tests.affiliates.sales import sale
from tests.cast import signed_in
from tests.shop.payments.test_refund_requests import dispute_of
from tests.shop.purchases import refund_of
from tests.staff_pages import Page

Work = Callable[[], int]


@pytest.fixture
def order(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> Order:
    """Carol's, paid, and brought by Alice."""
    Product.objects.update(issues_license=True)
    product.refresh_from_db()
    return sale(alice, product).attribution.order


@pytest.fixture
def payment(order: Order) -> Payment:
    return order.payments.get()


def page_of(client: Client, order: Order) -> Page:
    return Page(client, f"/admin/shop/order/{order.pk}/change/")


def press_refund(client: Client, payment: Payment, **typed: Any) -> Page:
    return Page(client, f"/admin/shop/payment/{payment.pk}/refund/").submit(**typed)


def refunded(payment: Payment, amount: str, actor: User | None = None, **terms: Any) -> Refund:
    """Refunded by staff, as PayPal reports it."""
    minor = round(float(amount) * 100)
    refund = Refund.objects.create(
        payment=payment,
        amount_minor=minor,
        currency=payment.currency,
        requested_by=actor,
        keeps_license=terms.get("keeps_license"),
    )
    if reason := terms.get("reason"):
        RefundReason.objects.create(refund=refund, text=reason, is_mailed=terms.get("mail_reason", False))
    payment.refresh_from_db()
    return apply_refund(refund=refund, remote=refund_of(payment, amount, number=f"R-{refund.pk}"))


# --- What it says ---------------------------------------------------------------------------------------------------
def test_head_and_sums_name_buyer_product_and_state(staff: Client, order: Order, payment: Payment) -> None:
    refunded(payment, "20.00")
    page = page_of(staff, order)
    assert page.soup.select_one("h1").get_text() == f"Carol Customer, {order.reference}"  # type: ignore[union-attr]
    assert "partially refunded" in page.soup.select(".pill")[0].get_text()
    sums = [amount.get_text(strip=True) for amount in page.soup.select(".sum-strip dd")]
    assert sums == ["$59.95", "$20.00", "$39.95"]
    assert payment.capture_id and payment.capture_id in page.text


def test_timeline_tells_what_happened_and_who_did_it(
    staff: Client, bob: User, order: Order, payment: Payment, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=1))
    refunded(payment, "20.00", bob)
    clock.shift(timedelta(hours=1))
    Page(staff, f"/admin/shop/order/{order.pk}/correct-address/").submit(email="carol@example.net")
    page = page_of(staff, order)
    lines = [" ".join(line.get_text(" ").split()) for line in page.soup.select(".timeline li")]
    told = [line.partition("M ")[2] for line in lines]  # after the time of day
    assert told[0] == "Placed by the buyer"
    assert "Paid: $59.95 by the buyer" in told
    assert any(line.startswith("Commission earned") for line in told)
    assert "Refunded: $20.00 by bob@example.com" in told
    assert told.index("Refunded: $20.00 by bob@example.com") < told.index("Email address corrected by bob@example.com")
    assert "Address corrected" in page.text


def test_commission_links_to_its_explanation_for_those_who_may_see_it(order: Order, staff: Client) -> None:
    assert "Why this amount?" in page_of(staff, order).text
    assert "Commission" not in page_of(signed_in(member(Role.SHOP)), order).text


def test_order_without_affiliate_says_so(staff: Client, product: Product) -> None:
    page = page_of(staff, factories.order(product))
    assert "no affiliate" in page.text
    [why] = [link for link in page.soup.select("a") if "Why no commission?" in link.get_text()]
    assert "It was placed without an active affiliate's code and without a click" in Page(staff, str(why["href"])).text


def test_order_page_costs_the_same_with_more_history(
    staff: Client, bob: User, order: Order, payment: Payment, clock: time_machine.Traveller
) -> None:
    def cost() -> int:
        page_of(staff, order)  # the clock moved: the session is renewed, which costs a query
        with CaptureQueriesContext(connection) as queries:
            page_of(staff, order)
        return len(queries)

    def more() -> None:
        clock.shift(timedelta(minutes=5))
        refunded(payment, "5.00", bob, reason="Slow.")
        OrderNote.objects.create(order=order, text="Called.", written_by=bob)

    more()
    first = cost()
    for _ in range(3):
        more()
    assert cost() == first


def test_open_request_is_one_link_away(staff: Client, order: Order) -> None:
    request = RefundRequest.objects.create(order=order, reason="It is slow.")
    page = page_of(staff, order)
    assert f"/admin/shop/refundrequest/{request.pk}/change/" in page.html


# --- Notes ----------------------------------------------------------------------------------------------------------
def test_note_is_kept_sealed_with_its_writer(staff: Client, bob: User, order: Order) -> None:
    page = page_of(staff, order).press("Add the note", text="Called twice.")
    assert "Called twice." in page.text
    assert "bob@example.com" in page.soup.select_one(".note").get_text()  # type: ignore[union-attr]
    note = OrderNote.objects.get()
    assert AuditEntry.objects.filter(action="shop.order_note.added", object_id=str(note.pk), actor=bob.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM shop_ordernote")
        assert b"Called" not in bytes(cursor.fetchone()[0])


def test_empty_or_overlong_note_is_refused_and_what_was_typed_stays(staff: Client, order: Order) -> None:
    assert "This field is required" in page_of(staff, order).press("Add the note", text=" ").text
    page = page_of(staff, order).press("Add the note", text="long " * 2000)
    assert "at most 2000 characters" in page.text
    assert "long long" in page.html
    assert not OrderNote.objects.exists()


def test_notes_and_reasons_go_with_their_person(staff: Client, bob: User, order: Order, payment: Payment) -> None:
    page_of(staff, order).press("Add the note", text="Called twice.")
    refunded(payment, "20.00", bob, reason="Slow.")
    erase_person(email="carol@example.org")
    assert not OrderNote.objects.exists() and not RefundReason.objects.exists()
    page = page_of(staff, order)
    assert "The buyer's data was deleted" in page.text
    assert "Add the note" not in page.text
    late = staff.post(f"/admin/shop/order/{order.pk}/add-note/", {"text": "Carol again."}, follow=True)
    assert "no longer available" in late.content.decode()
    assert not OrderNote.objects.exists()


def test_new_rows_are_declared() -> None:
    for table, columns in {"shop_ordernote": {"text"}, "shop_refundreason": {"text"}}.items():
        declaration = declaration_for(table)
        assert isinstance(declaration, PersonalData)
        assert set(declaration.columns) == columns


# --- Mails ----------------------------------------------------------------------------------------------------------
def test_mail_is_sent_again_from_what_is_true_today(
    client: Client, staff: Client, bob: User, order: Order, payment: Payment, work: Work
) -> None:
    refunded(payment, "20.00", bob, reason="As agreed.", mail_reason=True)
    work()
    mail.outbox.clear()
    page = page_of(staff, order)
    [row] = [line for line in page.soup.select(".mails li") if "Refund made" in line.get_text()]
    assert "sent" in row.get_text()
    button = row.select_one("button")
    assert button
    page = page.press("Refund made", mail=button["value"])
    assert "“Refund made” is on its way to the buyer again." in page.text
    work()
    [message] = mail.outbox
    assert "Your refund of $20.00" in message.subject
    assert "As agreed." in str(message.body)
    assert AuditEntry.objects.filter(action="shop.mail.sent_again", object_id=str(order.pk), actor=bob.pk).exists()


def test_only_mail_about_this_order_is_sent_again(staff: Client, order: Order, product: Product, work: Work) -> None:
    other = factories.order(product, "dave@example.org", state="paid", paid_at=timezone.now())
    Page(staff, f"/admin/shop/order/{other.pk}/change/").press("Send the receipt again")
    work()
    stored = OutgoingMail.objects.get(about_id=other.pk)
    page = staff.post(f"/admin/shop/order/{order.pk}/send-again/", {"mail": str(stored.pk)}, follow=True)
    assert "This mail is no longer stored" in page.content.decode()
    assert OutgoingMail.objects.filter(about_id=other.pk).count() == 1


def test_history_tells_of_refunds_and_license_keys(staff: Client, bob: User, order: Order, payment: Payment) -> None:
    press_refund(staff, payment, amount="20", stated="$20.00")
    reissue_license(order=order, replaces=str(order.licenses.get().pk), actor=bob)
    page = staff.get(f"/admin/shop/order/{order.pk}/history/").content.decode()
    assert "asked PayPal for" in page
    assert "in place of another one" in page


# --- Refunds --------------------------------------------------------------------------------------------------------
def test_refund_page_names_sum_and_buyer_on_its_button(staff: Client, payment: Payment) -> None:
    page = Page(staff, f"/admin/shop/payment/{payment.pk}/refund/")
    assert "Refund $59.95 to Carol Customer" in page.text


def test_another_sum_is_named_before_it_moves(staff: Client, payment: Payment) -> None:
    first = Page(staff, f"/admin/shop/payment/{payment.pk}/refund/")
    page = first.press("Refund $59.95", amount="20", reason="As agreed.")
    assert "Refund $20.00 to Carol Customer" in page.text
    assert "Refund $20.00 to Carol Customer?" in page.text
    assert not page.soup.select(".errorlist")
    assert page.field("reason").strip() == "As agreed."
    assert not Refund.objects.exists()


def test_role_without_refunds_sees_no_button(payment: Payment, order: Order) -> None:
    shop = signed_in(member(Role.SHOP))
    assert "Refund…" not in page_of(shop, order).text
    assert shop.get(f"/admin/shop/payment/{payment.pk}/refund/").status_code == 403
    assert "Refund…" in page_of(signed_in(member(Role.FINANCE)), order).text


def test_disputed_payment_says_where_to_answer(staff: Client, payment: Payment, order: Order) -> None:
    apply_dispute(payment=payment, remote=dispute_of(payment, timezone.now()))
    assert "Refund…" not in page_of(staff, order).text
    page = staff.get(f"/admin/shop/payment/{payment.pk}/refund/", follow=True)
    assert "Respond to the dispute at PayPal" in page.content.decode()


def test_unpaid_order_offers_no_refund(staff: Client, product: Product) -> None:
    order = factories.order(product)
    payment = factories.payment(order, state="created")
    assert "Refund…" not in page_of(staff, order).text
    page = staff.get(f"/admin/shop/payment/{payment.pk}/refund/", follow=True).content.decode()
    assert "Only a captured payment can be refunded. This one is: waiting for the buyer." in page


def test_erased_buyer_is_refunded_without_a_stored_reason(staff: Client, payment: Payment) -> None:
    erase_person(email="carol@example.org")
    page = Page(staff, f"/admin/shop/payment/{payment.pk}/refund/")
    assert "Refund $59.95 to a deleted buyer" in page.text
    assert "reason" not in {field.get("name") for field in page.soup.select("[name]")}


def test_refund_since_the_page_was_opened_is_shown_first(staff: Client, grace: User, payment: Payment) -> None:
    stale = Page(staff, f"/admin/shop/payment/{payment.pk}/refund/")
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=1000, state="part_refunded")
    answer = stale.press("Refund $59.95 to Carol Customer")
    assert answer.status == 409
    assert not Refund.objects.exists()


def test_reason_is_mailed_only_if_staff_choose_so(staff: Client, payment: Payment, bob: User, work: Work) -> None:
    refunded(payment, "10.00", bob, reason="For colleagues.")
    refunded(payment, "10.00", bob, reason="For Carol.", mail_reason=True)
    work()
    texts = [str(message.body) for message in mail.outbox if "Your refund" in message.subject]
    assert [("For colleagues." in text, "For Carol." in text) for text in texts] == [(False, False), (False, True)]


def test_reason_to_mail_has_to_be_typed(staff: Client, payment: Payment) -> None:
    page = press_refund(staff, payment, mail_reason="on", stated="$59.95")
    assert "Enter the reason that should be mailed." in page.text


# --- License --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "keeps", "works"),
    [
        ("59.95", None, False),
        ("59.95", True, True),
        ("20.00", None, True),
        ("20.00", False, False),
    ],
)
def test_license_follows_what_staff_chose_with_the_refund(
    client: Client, payment: Payment, order: Order, bob: User, amount: str, keeps: bool | None, works: bool
) -> None:
    factories.release(order.product)
    refunded(payment, amount, bob, keeps_license=keeps)
    order.refresh_from_db()
    assert (order.is_delivered, License.objects.working().exists()) == (works, works)
    page = client.get(order.get_absolute_url()).content.decode()
    assert ("Your download" in page) is works
    assert Order.objects.filter(Order.DELIVERED_NOW).exists() is works


def test_reverted_refund_ends_the_choice_made_with_it(payment: Payment, order: Order, bob: User) -> None:
    from dataclasses import replace

    from shop.paypal.types import RefundStatus

    refund = refunded(payment, "20.00", bob, keeps_license=False)
    assert not License.objects.working().exists()
    failed = replace(refund_of(payment, "20.00", number=refund.paypal_refund_id or ""), status=RefundStatus.FAILED)
    apply_refund(refund=refund, remote=failed)
    order.refresh_from_db()
    assert (order.delivery_kept, License.objects.working().exists()) == (None, True)


def test_staff_end_and_restore_a_license(staff: Client, bob: User, order: Order, work: Work) -> None:
    license = License.objects.get()
    page = Page(staff, f"/admin/shop/order/{order.pk}/end-license/").press("End license and downloads")
    assert "License revoked" in page.text
    assert not License.objects.working().exists()
    assert "New license key…" not in page.text
    page = Page(staff, f"/admin/shop/order/{order.pk}/restore-license/").press("Restore license and downloads")
    assert License.objects.working().get() == license
    work()
    assert any("license" in message.subject for message in mail.outbox)
    assert AuditEntry.objects.filter(action="shop.license.restored", actor=bob.pk).exists()


def test_refunded_order_gets_its_license_back_on_demand(staff: Client, order: Order, payment: Payment) -> None:
    refunded(payment, "59.95")
    Page(staff, f"/admin/shop/order/{order.pk}/restore-license/").press("Restore license and downloads")
    order.refresh_from_db()
    assert (order.state, order.is_delivered) == ("refunded", True)
    assert License.objects.working().exists()


# --- The request ----------------------------------------------------------------------------------------------------
def test_request_is_decided_on_one_page_with_all_facts(staff: Client, order: Order, payment: Payment) -> None:
    request = RefundRequest.objects.create(order=order, reason="It is slow.")
    page = Page(staff, f"/admin/shop/refundrequest/{request.pk}/change/")
    for fact in ("It is slow.", "Carol Customer", order.reference, "$59.95", "Refund window until", "0 of"):
        assert fact in page.text
    assert "+00:00" not in page.text
    assert "Refund $59.95 to Carol Customer" in page.text
    page = page.press("Decline and mail the reason", answer="You withdrew it.")
    assert "Declined. The buyer is notified by email." in page.text
    request.refresh_from_db()
    assert (request.state, request.answer) == ("declined", "You withdrew it.")


def test_request_page_offers_what_the_role_may_do(order: Order) -> None:
    request = RefundRequest.objects.create(order=order)
    page = Page(signed_in(member(Role.SHOP)), f"/admin/shop/refundrequest/{request.pk}/change/")
    assert "Decline and mail the reason" in page.text
    assert "Refund $59.95" not in page.text


# --- Lists ----------------------------------------------------------------------------------------------------------
def test_orders_list_adds_up_what_its_filters_leave(staff: Client, order: Order, payment: Payment) -> None:
    refunded(payment, "20.00")
    other = factories.order(factories.product(slug="other", name="Other"), state="paid", paid_at=timezone.now())
    factories.payment(other, state="paid")
    page = Page(staff, "/admin/shop/order/")
    sums = [cell.get_text(strip=True) for cell in page.soup.select(".sums-of-list tbody td")]
    assert sums == ["2", "$119.90", "$20.00", "$99.90"]
    page = Page(staff, f"/admin/shop/order/?product__id__exact={order.product_id}")
    sums = [cell.get_text(strip=True) for cell in page.soup.select(".sums-of-list tbody td")]
    assert sums == ["1", "$59.95", "$20.00", "$39.95"]


@pytest.mark.parametrize("attention", ["disputed", "requested"])
def test_orders_that_need_attention_are_found(
    staff: Client, order: Order, payment: Payment, product: Product, attention: str
) -> None:
    factories.order(product, "dave@example.org", name="Dave")
    RefundRequest.objects.create(order=order)
    Payment.objects.filter(pk=payment.pk).update(is_disputed=True)
    page = Page(staff, f"/admin/shop/order/?attention={attention}")
    assert [cell.get_text() for cell in page.soup.select(".field-buyer")] == ["Carol Customer"]


@pytest.mark.parametrize("model", ["order", "payment", "refund", "dispute", "license", "refundrequest"])
def test_list_shows_buyer_product_and_amount_without_ids(
    staff: Client, order: Order, payment: Payment, model: str
) -> None:
    refund = refunded(payment, "20.00")
    dispute = factories.dispute(payment)
    request = RefundRequest.objects.create(order=order)
    page = Page(staff, f"/admin/shop/{model}/")
    assert "Carol Customer" in page.text
    for row in (order, payment, refund, dispute, request, *License.objects.all()):
        assert str(row.pk)[-8:] not in page.text
    listed = AuditEntry.objects.filter(action="privacy.staff.listed", object_model=f"shop.{model}")
    assert listed.count() == 1
