"""A buyer requests a refund on the order page: within the window, once, and staff refund or decline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.models import Affiliate, Commission, Flag
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.registry.declarations import PersonalData, declaration_for
from shop.models import Order, Payment, Product, Refund, RefundRequest
from shop.payments.disputes import apply_dispute
from shop.payments.refund_requests import decline_refund
from shop.paypal.types import DisputeOutcome, DisputeState, DisputeStatus
from shop.staff_tasks import refund_requests as waiting
from tests import factories
from tests.affiliates.sales import refund, sale
from tests.shop.purchases import buy
from tests.staff_pages import Page
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("clock")

Work = Callable[[], int]
ADMIN = "/admin/shop/refundrequest/"


@pytest.fixture
def commission(alice: Affiliate, product: Product) -> Commission:
    return sale(alice, product)


@pytest.fixture
def order(commission: Commission) -> Order:
    return commission.attribution.order


def page_of(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def form_of(order: Order) -> str:
    return f"{order.get_absolute_url()}refund/"


def ask(client: Client, order: Order, reason: str = "") -> Any:
    return client.post(form_of(order), {"reason": reason}, follow=True)


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


# --- The buyer ------------------------------------------------------------------------------------------------------
def test_buyer_requests_a_refund_from_the_order_page(client: Client, order: Order, work: Work) -> None:
    work()
    mail.outbox.clear()
    assert form_of(order) in page_of(client, order.get_absolute_url())
    page = page_of(client, form_of(order))
    assert "You get $59.95 for BPS Pro back" in page
    shown = ask(client, order, "It is not for me.")
    assert shown.redirect_chain[0][0] == f"{order.get_absolute_url()}#refund"
    assert "We received your refund request on March 2, 2026, 12:00 UTC" in " ".join(shown.content.decode().split())
    request = RefundRequest.objects.get()
    assert (request.order, request.state, request.reason) == (order, "open", "It is not for me.")
    work()
    assert sorted(message.to[0] for message in mail.outbox) == ["carol@example.org", "info@ait-pro.com"]
    [confirmation] = [message for message in mail.outbox if message.to == ["carol@example.org"]]
    assert "March 2, 2026, 12:00 PM UTC" in str(confirmation.body)
    assert "by March 4, 2026" in str(confirmation.body)
    # Anybody may have typed the address at checkout: no mail carries what the buyer wrote.
    assert not [message for message in mail.outbox if "not for me" in str(message.body)]


def test_request_sent_twice_is_one_request_with_the_same_answer(client: Client, order: Order, work: Work) -> None:
    first, second = ask(client, order, "Once."), ask(client, order, "Twice.")
    assert first.redirect_chain == second.redirect_chain
    assert RefundRequest.objects.get().reason == "Once."
    assert client.get(form_of(order)).headers["Location"] == f"{order.get_absolute_url()}#refund"
    work()
    assert len([subject for subject in subjects() if "We received your refund request" in subject]) == 1


def test_database_keeps_one_request_for_each_order_decided_once(client: Client, order: Order, bob: User) -> None:
    ask(client, order)
    decline_refund(refund_request=RefundRequest.objects.get(), answer="You withdrew it.", actor=bob)
    rows = RefundRequest.objects.all()
    for change in (
        lambda: RefundRequest.objects.create(order=order),
        lambda: rows.update(state="open", decided_at=None),
        lambda: rows.update(state="refunded"),
        lambda: rows.update(requested_at=timezone.now() - timedelta(days=1)),
        lambda: rows._raw_delete(connection.alias),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.parametrize(("wait", "made"), [(timedelta(days=30, seconds=-1), 1), (timedelta(days=30), 0)])
def test_refund_can_be_requested_until_the_window_ends(
    client: Client, order: Order, clock: time_machine.Traveller, wait: timedelta, made: int
) -> None:
    clock.shift(wait)
    ask(client, order)
    assert RefundRequest.objects.count() == made


def test_after_the_window_the_page_says_so_and_offers_contact(
    client: Client, order: Order, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=31))
    for page in (page_of(client, order.get_absolute_url()), page_of(client, form_of(order))):
        assert "You could request a refund until April 1, 2026, 12:00 UTC" in page
        assert "/contact/?kind=order" in page
        assert "Request a refund</a>" not in page


def test_order_keeps_the_refund_window_of_its_day(client: Client, order: Order, settings: Settings) -> None:
    settings.REFUND_DAYS = 15
    assert "until April 1, 2026" in page_of(client, order.get_absolute_url())
    later = factories.order(order.product, state="paid", paid_at=timezone.now())
    assert "until March 17, 2026" in page_of(client, later.get_absolute_url())


@pytest.mark.parametrize("state", ["open", "pending", "refunded"])
def test_nothing_to_refund_is_explained(client: Client, product: Product, state: str) -> None:
    order = factories.order(product, state=state, paid_at=timezone.now() if state == "refunded" else None)
    assert "There is nothing to refund" in page_of(client, form_of(order))
    ask(client, order)
    assert not RefundRequest.objects.exists()
    assert 'id="refund"' not in page_of(client, order.get_absolute_url())


def test_disputed_payment_is_left_to_paypal(client: Client, order: Order) -> None:
    order.payments.update(is_disputed=True)
    assert "PayPal is deciding about your dispute" in page_of(client, form_of(order))
    ask(client, order)
    assert not RefundRequest.objects.exists()


@pytest.fixture
def disputed(client: Client, order: Order) -> Order:
    """First a refund request, then a dispute at PayPal."""
    ask(client, order, "It is not for me.")
    payment = order.payments.get()
    changed = datetime(2026, 3, 2, 12, tzinfo=UTC)
    apply_dispute(payment=payment, remote=dispute_of(payment, changed))
    return order


def dispute_of(payment: Payment, changed: datetime, outcome: DisputeOutcome | None = None) -> DisputeState:
    return DisputeState(
        id="PP-D-1",
        status=DisputeStatus.RESOLVED if outcome else DisputeStatus.OPEN,
        outcome=outcome,
        reason="UNAUTHORISED",
        amount=payment.total,
        refunded=None,
        capture_ids=(payment.capture_id or "",),
        opened_at=changed,
        changed_at=changed,
        respond_by=None,
    )


def test_dispute_outranks_an_open_request_on_the_buyers_pages(client: Client, disputed: Order) -> None:
    page = page_of(client, disputed.get_absolute_url())
    assert "<h1>This payment is disputed</h1>" in page
    assert "We answer your refund request of March 2, 2026 when PayPal has decided" in page
    for wrong in ("We answer by", "your order is paid", "Request a refund</a>"):
        assert wrong not in page
    form = page_of(client, form_of(disputed))
    assert "PayPal is deciding about your dispute" in form
    assert "Confirm: request" not in form


def test_staff_neither_refund_nor_decline_while_paypal_decides(
    client: Client, staff: Client, disputed: Order, clock: time_machine.Traveller, work: Work
) -> None:
    request = RefundRequest.objects.get()
    page = page_of(staff, f"{ADMIN}{request.pk}/change/")
    assert "PayPal is deciding" in page
    assert "PP-D-1" in page
    for action in ("Refund…", "Decline…"):
        assert action not in page
    for action in ("refund", "decline"):
        shown = staff.post(f"{ADMIN}{request.pk}/{action}/", {"answer": "No."}, follow=True).content.decode()
        assert "PayPal is deciding about a dispute of this payment" in shown
    request.refresh_from_db()
    assert request.state == "open"
    assert not Refund.objects.exists()
    assert "when PayPal has decided about the dispute" in page_of(staff, ADMIN)
    clock.shift(timedelta(days=10))
    assert (waiting(timezone.now()).count, waiting(timezone.now()).overdue) == (0, 0)


def test_request_is_open_again_when_paypal_has_decided_for_us(
    client: Client, staff: Client, disputed: Order, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=1))
    payment = disputed.payments.get()
    apply_dispute(payment=payment, remote=dispute_of(payment, timezone.now(), DisputeOutcome.RESOLVED_SELLER_FAVOUR))
    assert "Decline and mail the reason" in page_of(staff, f"{ADMIN}{RefundRequest.objects.get().pk}/change/")
    assert "We answer by March 4, 2026" in page_of(client, disputed.get_absolute_url())
    assert waiting(timezone.now()).count == 1


def test_request_is_not_declined_during_a_dispute(disputed: Order, bob: User) -> None:
    with pytest.raises(ActionRefused, match="disputed"):
        decline_refund(refund_request=RefundRequest.objects.get(), answer="No.", actor=bob)


def test_order_page_begins_with_the_request(client: Client, order: Order) -> None:
    page = BeautifulSoup(ask(client, order).content, "html.parser")
    assert [heading.get_text() for heading in page.select("h1")] == ["We received your refund request"]
    [message] = page.select("#refund")  # where the redirect leads, and the focus
    assert (message["role"], message["tabindex"]) == ("status", "-1")
    assert "Thank you, your order is paid" not in page.get_text()


def test_refund_form_says_optional_once(client: Client, order: Order) -> None:
    label = BeautifulSoup(client.get(form_of(order)).content, "html.parser").select_one("label[for=id_reason]")
    assert label
    assert label.get_text().count("optional") == 1


@pytest.mark.parametrize("earned", [True, False])
def test_staff_are_told_of_a_held_commission_only_if_there_is_one(
    client: Client, order: Order, product: Product, work: Work, earned: bool
) -> None:
    if not earned:
        order = factories.order(product, "dave@example.org", state="paid", paid_at=timezone.now())
        factories.payment(order, state="paid")
    work()
    mail.outbox.clear()
    ask(client, order)
    work()
    [told] = [str(message.body) for message in mail.outbox if message.to == ["info@ait-pro.com"]]
    assert ("The commission on this order is held" in told) is earned


@pytest.mark.parametrize("link", ["nowhere", "B123456789", "%00", "²"])
def test_only_the_orders_link_opens_the_form(client: Client, order: Order, link: str) -> None:
    assert client.get(f"/orders/{link}/refund/").status_code == 404
    assert client.post(f"/orders/{link}/refund/", {"reason": ""}).status_code == 404
    assert client.get(f"/orders/{order.reference}/refund/").status_code == 404


def test_too_long_a_reason_stays_in_the_form(client: Client, order: Order) -> None:
    page = client.post(form_of(order), {"reason": "long " * 500}).content.decode()
    assert "at most 2000 characters" in page
    assert "long long" in page
    assert not RefundRequest.objects.exists()


def test_refund_page_is_private(client: Client, order: Order) -> None:
    response = client.get(form_of(order))
    assert "no-store" in response.headers["Cache-Control"]
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert client.put(form_of(order)).status_code == 405


# --- Staff ----------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_staff_refund_the_request_through_paypal(
    client: Client, staff: Client, paypal: Standin, alice: Affiliate, product: Product, work: Work
) -> None:
    order = buy(client, paypal, code="DEMO").order
    ask(client, order)
    request = RefundRequest.objects.get()
    shown = Page(staff, f"{ADMIN}{request.pk}/change/").press("Refund $59.95 to Carol Customer")
    assert "$59.95 refunded to Carol Customer." in shown.text
    request.refresh_from_db()
    order.refresh_from_db()
    assert (request.state, order.state) == ("refunded", "refunded")
    assert request.decided_by is not None
    assert Commission.objects.get().state == "reversed"
    assert "already refunded" in staff.post(f"{ADMIN}{request.pk}/refund/", follow=True).content.decode()
    assert Refund.objects.count() == 1
    work()
    assert any("Your refund of $59.95" in subject for subject in subjects())


def test_staff_decline_with_a_reason_that_is_mailed(client: Client, staff: Client, order: Order, work: Work) -> None:
    ask(client, order)
    request = RefundRequest.objects.get()
    address = f"{ADMIN}{request.pk}/decline/"
    assert "This field is required" in staff.post(address, {"answer": " "}).content.decode()
    staff.post(address, {"answer": "You withdrew it on the phone."})
    request.refresh_from_db()
    assert (request.state, request.answer) == ("declined", "You withdrew it on the phone.")
    assert AuditEntry.objects.filter(action="shop.refund_request.declined", object_id=str(request.pk)).exists()
    work()
    [message] = [message for message in mail.outbox if "Our answer to your refund request" in message.subject]
    assert message.to == ["carol@example.org"]
    assert "You withdrew it on the phone." in str(message.body)
    page = page_of(client, order.get_absolute_url())
    assert "You withdrew it on the phone." in page
    assert "Write to us" in page
    assert "Request a refund</a>" not in page


def test_request_is_decided_once(client: Client, order: Order, bob: User) -> None:
    ask(client, order)
    request = RefundRequest.objects.get()
    decline_refund(refund_request=request, answer="No.", actor=bob)
    with pytest.raises(ActionRefused, match="already decided"):
        decline_refund(refund_request=request, answer="Never.", actor=bob)


def test_refund_under_way_is_not_declined(client: Client, order: Order, bob: User) -> None:
    ask(client, order)
    Refund.objects.create(payment=order.payments.get(), amount_minor=5995, currency="USD", state="pending")
    with pytest.raises(ActionRefused, match="already on its way"):
        decline_refund(refund_request=RefundRequest.objects.get(), answer="No.", actor=bob)


@pytest.mark.parametrize(("amount", "state"), [("59.95", "refunded"), ("10.00", "open")])
def test_refund_made_elsewhere_closes_the_request_when_it_is_whole(
    client: Client, order: Order, commission: Commission, amount: str, state: str
) -> None:
    ask(client, order)
    refund(commission, amount)
    assert RefundRequest.objects.get().state == state


def test_request_is_a_staff_task_and_overdue_after_the_answer_days(
    client: Client, order: Order, clock: time_machine.Traveller, staff: Client
) -> None:
    assert waiting(timezone.now()).count == 0
    ask(client, order)
    assert (waiting(timezone.now()).count, waiting(timezone.now()).overdue) == (1, 0)
    assert "refund request to answer" in page_of(staff, "/admin/")
    clock.shift(timedelta(days=3))
    assert waiting(timezone.now()).overdue == 1


def test_queue_does_not_query_for_each_request(
    client: Client, product: Product, staff: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        bought = factories.order(product, f"c{number}@example.org", state="paid", paid_at=timezone.now())
        RefundRequest.objects.create(order=bought)
    with django_assert_max_num_queries(14) as few:
        staff.get(ADMIN)
    for number in range(3, 9):
        bought = factories.order(product, f"c{number}@example.org", state="paid", paid_at=timezone.now())
        RefundRequest.objects.create(order=bought)
    with django_assert_max_num_queries(len(few)):
        staff.get(ADMIN)


# --- The affiliate --------------------------------------------------------------------------------------------------
def test_open_request_holds_the_commission_past_the_refund_window(
    client: Client, order: Order, commission: Commission, clock: time_machine.Traveller, bob: User
) -> None:
    clock.shift(timedelta(days=30, seconds=-1))
    ask(client, order)
    clock.shift(timedelta(days=10))
    assert approve_past_hold(now=timezone.now()) == 0
    flag = Flag.objects.get()
    assert flag.words == "our staff have to review it"
    decline_refund(refund_request=RefundRequest.objects.get(), answer="You withdrew it.", actor=bob)
    flag.refresh_from_db()
    assert (flag.state, flag.why) == ("cleared", "the refund request was answered")
    assert approve_past_hold(now=timezone.now()) == 1


def test_refund_ends_the_hold_and_reverses_the_commission(client: Client, order: Order, commission: Commission) -> None:
    ask(client, order)
    refund(commission, "59.95")
    commission.refresh_from_db()
    assert commission.state == Commission.State.REVERSED
    assert Flag.objects.get().state == "cleared"


# --- Erasure --------------------------------------------------------------------------------------------------------
def test_erasure_removes_the_reason_and_keeps_the_request_open(client: Client, order: Order, bob: User) -> None:
    ask(client, order, "Carol is unhappy.")
    erase_person(email="carol@example.org")
    request = RefundRequest.objects.get()
    assert (request.reason, request.state) == (None, "open")
    decline_refund(refund_request=request, answer="data deleted", actor=bob)
    assert "email you" not in page_of(client, order.get_absolute_url())


def test_text_about_an_erased_buyer_is_refused_and_the_request_can_still_be_declined(
    client: Client, staff: Client, order: Order, work: Work
) -> None:
    """Nobody could find the text again to delete it."""
    ask(client, order)
    erase_person(email="carol@example.org")
    work()
    mail.outbox.clear()
    address = f"{ADMIN}{RefundRequest.objects.get().pk}/change/"
    page = Page(staff, address)
    assert "nobody is notified" in page.text
    assert "no text about them is kept" in page.press("Decline", answer="Carol Smith called twice.").text
    assert (RefundRequest.objects.get().state, RefundRequest.objects.get().answer) == ("open", None)
    declined = Page(staff, address).press("Decline", answer="Data deleted.")
    assert "Declined. The buyer's data was deleted, so nobody is notified." in declined.text
    assert RefundRequest.objects.get().state == "declined"
    work()
    assert mail.outbox == []


def test_request_after_the_erasure_stores_no_text(client: Client, order: Order) -> None:
    erase_person(email="carol@example.org")
    assert 'name="reason"' not in page_of(client, form_of(order))
    ask(client, order, "I am Carol.")
    assert RefundRequest.objects.get().reason is None


def test_reason_is_sealed_and_declared(client: Client, order: Order) -> None:
    ask(client, order, "Carol is unhappy.")
    declaration = declaration_for("shop_refundrequest")
    assert isinstance(declaration, PersonalData)
    assert set(declaration.columns) == {"reason", "answer"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM shop_refundrequest")
        assert b"Carol" not in bytes(cursor.fetchone()[0])
