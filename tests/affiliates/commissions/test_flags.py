"""Fraud signals hold a commission until a person decides; a shared mail domain is not a signal."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.commissions.flags import clear_flag, confirm_flag, raise_flag
from affiliates.commissions.fraud_signals import RATED_FROM, mailbox_of
from affiliates.commissions.lifecycle import approve_commission, approve_past_hold
from affiliates.models import Affiliate, Attribution, Commission, Flag, LedgerEntry, PayoutItem
from affiliates.payouts.item_states import release_funds
from affiliates.payouts.runs import cancel_payout, prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.encryption.models import uuid7
from shop.models import Payment, Product
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.signals import dispute_closed, payer_known, payment_disputed
from tests import factories
from tests.affiliates.sales import approved_sale, balance, refund, sale
from tests.shop.purchases import FORM, capture_of, place

HOME = "8.20.30.40"
pytestmark = pytest.mark.usefixtures("clock", "product", "paypal_down")
Kind = Flag.Kind


def kinds() -> list[str]:
    return sorted(Flag.objects.values_list("kind", flat=True))


def actions() -> list[str]:
    return list(AuditEntry.objects.filter(action__startswith="affiliates.").values_list("action", flat=True))[::-1]


def dispute(commission: Commission) -> SimpleNamespace:
    row = SimpleNamespace(pk=uuid7())
    payment_disputed.send(Payment, payment=commission.attribution.order.payments.get(), dispute=row)
    return row


def close(commission: Commission, row: SimpleNamespace) -> None:
    dispute_closed.send(Payment, payment=commission.attribution.order.payments.get(), dispute=row)


# --- Signs at the order ----------------------------------------------------------------------------------------------
def test_ordinary_sale_is_not_held(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    attribution = place(client, email="carol@example.com").attribution  # alice's domain is example.com too
    assert attribution.click is not None
    assert attribution.click.same_address is True
    assert not Flag.objects.exists()


def test_sale_to_affiliates_own_account_is_held(client: Client, alice: Affiliate) -> None:
    client.force_login(alice.user)
    place(client, code="DEMO")
    assert kinds() == [Kind.SAME_ACCOUNT]


def test_sale_to_another_account_is_not_held(client: Client, alice: Affiliate) -> None:
    client.force_login(factories.affiliate("erin@example.net", "ERIN").user)
    assert place(client, code="DEMO").attribution.affiliate == alice
    assert not Flag.objects.exists()


def test_guest_checkout_with_affiliates_email_is_held(client: Client, alice: Affiliate) -> None:
    alice.payout_email = "money@example.com"
    alice.save()
    place(client, code="DEMO", email="Alice+shop@Example.COM")
    assert kinds() == [Kind.SAME_EMAIL]


def test_sale_to_affiliates_paypal_address_is_held(client: Client, alice: Affiliate) -> None:
    alice.payout_email = "money@example.com"
    alice.save()
    place(client, code="DEMO", email="money@example.com")
    assert kinds() == [Kind.SAME_PAYOUT_EMAIL]


@pytest.mark.parametrize(
    ("payer", "flagged"),
    [("alice@example.com", True), ("Money+1@example.com", True), ("carol@example.com", False), ("", False)],
)
def test_sale_paid_from_affiliates_paypal_account_is_held(
    client: Client, alice: Affiliate, payer: str, flagged: bool
) -> None:
    alice.payout_email = "money@example.com"
    alice.save()
    payment = place(client, code="DEMO").payments.get()
    for _ in range(2):
        payer_known.send(Payment, payment=payment, payer_email=payer)
    assert kinds() == ([Kind.SAME_PAYER] if flagged else [])


def test_cleared_flag_is_not_raised_again(client: Client, alice: Affiliate, bob: User) -> None:
    payment = place(client, code="DEMO").payments.get()
    payer_known.send(Payment, payment=payment, payer_email="alice@example.com")
    clear_flag(flag=Flag.objects.get(), reason="she paid for a customer", actor=bob)
    payer_known.send(Payment, payment=payment, payer_email="alice@example.com")
    assert not Flag.objects.open().exists()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Alice@Example.com", "alice@example.com", True),
        ("alice+shop@example.com", "alice@example.com", True),
        ("a.l.ice@gmail.com", "alice@gmail.com", True),
        ("a.l.ice+shop@googlemail.com", "alice@gmail.com", True),
        ("alice@googlemail.com", "Alice@GoogleMail.com", True),
        ("alice@googlemail.com", "alice@gmail.example", False),
        ("a.lice@example.com", "alice@example.com", False),
        ("alice@example.com", "alice@example.org", False),
        ("carol@example.com", "alice@example.com", False),
        ("anna@straße.example", "anna@xn--strae-oqa.example", True),
        ("anna@straße.example", "anna@strasse.example", False),
    ],
)
def test_spellings_of_same_mailbox_are_held(one: str, other: str, same: bool) -> None:
    assert (mailbox_of(one) == mailbox_of(other)) is same


def two_buyers_at(address: str, client: Client) -> None:
    for name in ("carol", "dave"):
        client.get("/go/DEMO/", REMOTE_ADDR=address)
        form = {**FORM, "name": name, "email": f"{name}@example.org"}
        client.post("/checkout/bps-pro/", form, REMOTE_ADDR=address)
    assert Attribution.objects.filter(click__same_address=True).count() == 2


def test_several_buyers_from_one_network_address_are_held(client: Client, alice: Affiliate) -> None:
    two_buyers_at(HOME, client)
    flag = Flag.objects.get()
    assert (flag.kind, flag.attribution.order.email) == (Kind.SAME_ADDRESS, "dave@example.org")


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.7", "fd00::7"])
def test_several_buyers_from_private_network_address_are_not_held(
    client: Client, alice: Affiliate, address: str
) -> None:
    two_buyers_at(address, client)
    assert not Flag.objects.exists()


def test_repeat_buyer_from_one_network_address_is_not_held(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    place(client)
    place(client)
    assert Attribution.objects.filter(click__same_address=True).count() == 2
    assert not Flag.objects.exists()


def test_order_from_other_network_address_is_marked_without_storing_it(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/", REMOTE_ADDR=HOME)
    assert Attribution.objects.get(order=place(client)).click.same_address is False  # type: ignore[union-attr]


@pytest.mark.parametrize(("refunded", "flagged"), [(0, False), (3, False), (4, True)])
def test_high_refund_rate_holds_next_sale(
    client: Client, alice: Affiliate, product: Product, refunded: int, flagged: bool
) -> None:
    for number in range(RATED_FROM):
        commission = sale(alice, product)
        if number < refunded:
            refund(commission, "59.95")
    assert place(client, code="DEMO").attribution.affiliate == alice
    assert kinds() == ([Kind.REFUND_RATE] if flagged else [])


def test_gmail_and_googlemail_are_same_mailbox(client: Client, alice: Affiliate) -> None:
    alice.payout_email = "alice.smith@gmail.com"
    alice.save()
    place(client, code="DEMO", email="AliceSmith+x@googlemail.com")
    assert kinds() == [Kind.SAME_PAYOUT_EMAIL]


# --- What a flag does ------------------------------------------------------------------------------------------------
def test_held_commission_is_not_approved_after_hold(
    alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    commission = sale(alice, product)
    flag = raise_flag(attribution=commission.attribution, kind=Kind.SAME_EMAIL)
    clock.shift(timedelta(days=31))
    assert approve_past_hold(now=timezone.now()) == 0
    assert not approve_commission(commission=commission, actor=bob)
    assert clear_flag(flag=flag, reason="a colleague with the same mailbox", actor=bob)
    assert not clear_flag(flag=flag, reason="again", actor=bob)
    assert approve_past_hold(now=timezone.now()) == 1
    assert balance(alice) == "$17.99"
    assert actions() == [
        "affiliates.commission.held",
        "affiliates.commission.cleared",
        "affiliates.commission.approved",
    ]


def test_confirmed_flag_rejects_commission_with_reason(alice: Affiliate, product: Product, bob: User) -> None:
    commission = sale(alice, product)
    flag = raise_flag(attribution=commission.attribution, kind=Kind.SAME_EMAIL)
    with pytest.raises(ActionRefused, match="enter a reason"):
        confirm_flag(flag=flag, reason=" ", actor=bob)
    assert confirm_flag(flag=flag, reason="bought by herself", actor=bob)
    commission.refresh_from_db()
    flag.refresh_from_db()
    assert (commission.state, commission.reason) == (Commission.State.REJECTED, "bought by herself")
    assert (flag.decided_by, flag.decided_at) == (bob, timezone.now())


def test_flag_confirmed_before_payment_rejects_commission_later(client: Client, alice: Affiliate, bob: User) -> None:
    payment = place(client, code="DEMO", email="alice@example.com").payments.get()
    for flag in Flag.objects.all():
        confirm_flag(flag=flag, reason="bought by herself", actor=bob)
    apply_capture(payment=payment, capture=capture_of(payment))
    commission = Commission.objects.get()
    assert (commission.state, commission.reason) == (Commission.State.REJECTED, "bought by herself")


def test_flag_on_approved_commission_cannot_be_confirmed(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    flag = raise_flag(attribution=commission.attribution, kind=Kind.BY_STAFF, actor=bob)
    with pytest.raises(ActionRefused, match="adjustment"):
        confirm_flag(flag=flag, reason="fraud", actor=bob)
    adjust_ledger(affiliate=alice, amount=-commission.remaining, reason="fraud", actor=bob, commission=commission)
    assert clear_flag(flag=flag, reason="taken back by hand", actor=bob)
    assert balance(alice) == "$0.00"


def test_decided_flag_cannot_change(alice: Affiliate, product: Product, bob: User) -> None:
    flag = raise_flag(attribution=sale(alice, product).attribution, kind=Kind.SAME_EMAIL)
    clear_flag(flag=flag, reason="fine", actor=bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.update(state="confirmed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.all().delete()


def test_staff_hold_release_and_reject_in_list(staff: Client, alice: Affiliate, product: Product) -> None:
    fine, foul = sale(alice, product), sale(alice, product)
    page = "/admin/affiliates/commission/"
    both = [str(fine.pk), str(foul.pk)]
    staff.post(page, {"action": "hold", "_selected_action": both})
    assert not Flag.objects.exists()  # without a reason nothing happens
    staff.post(page, {"action": "hold", "_selected_action": both, "reason": "asked the buyer"})
    assert "wants to review it" in staff.get(f"{page}?held=yes").content.decode()
    staff.post(page, {"action": "clear", "_selected_action": both[:1]})
    assert Flag.objects.open().count() == 2  # without a reason nothing happens
    staff.post(page, {"action": "clear", "_selected_action": both[:1], "reason": "looked fine"})
    staff.post(
        page, {"action": "reject", "_selected_action": both[1:], "reason": "bought by herself", "confirmed": "yes"}
    )
    foul.refresh_from_db()
    assert (Flag.objects.open().count(), foul.state) == (0, Commission.State.REJECTED)


def test_flagged_commission_list_has_constant_query_count(staff: Client, alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    with CaptureQueriesContext(connection) as one:
        staff.get("/admin/affiliates/commission/")
    for _ in range(4):
        raise_flag(attribution=sale(alice, product).attribution, kind=Kind.BY_STAFF)
    with CaptureQueriesContext(connection) as many:
        staff.get("/admin/affiliates/commission/")
    assert len(many) == len(one)


# --- Disputes at PayPal ----------------------------------------------------------------------------------------------
def test_disputed_payment_holds_commission_until_dispute_closes(
    alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    commission = sale(alice, product)
    row = dispute(commission)
    dispute(commission)  # another one
    assert [flag.kind for flag in Flag.objects.all()] == [Kind.PAYMENT_DISPUTE] * 2
    clock.shift(timedelta(days=31))
    close(commission, row)
    assert approve_past_hold(now=timezone.now()) == 0
    Flag.objects.open().update(state="cleared", decided_at=timezone.now())
    assert approve_past_hold(now=timezone.now()) == 1


def test_repeated_dispute_event_raises_one_flag(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    row = dispute(commission)
    payment_disputed.send(Payment, payment=commission.attribution.order.payments.get(), dispute=row)
    assert Flag.objects.count() == 1
    close(commission, row)
    close(commission, row)
    assert Flag.objects.get().why == "the dispute at PayPal has ended"


def test_approved_commission_under_dispute_is_not_paid(alice: Affiliate, product: Product, bob: User) -> None:
    held = approved_sale(alice, product)
    other = approved_sale(alice, product)
    row = dispute(held)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    assert (str(item.total), list(item.commissions())) == ("$17.99", [other])
    with pytest.raises(ActionRefused, match="Nobody"):
        prepare_payout(currency="USD", actor=bob)
    close(held, row)
    assert list(prepare_payout(currency="USD", actor=bob).items.get().commissions()) == [held]


def test_returned_payout_waits_while_commission_is_disputed(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    for _ in range(2):  # came back twice: the money lies in the second return
        cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    row = dispute(commission)
    with pytest.raises(ActionRefused, match="Nobody"):
        prepare_payout(currency="USD", actor=bob)
    close(commission, row)
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$17.99"


def test_paid_commission_is_reversed_while_disputed(
    alice: Affiliate, product: Product, bob: User, settings: Settings
) -> None:
    paid = approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    dispute(paid)
    refund(paid, "59.95")  # the chargeback
    approved_sale(alice, product, "100.00")
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$12.01"


def test_hold_does_not_lose_returned_payout(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    row = dispute(commission)
    with transaction.atomic():
        release_funds([item], state=PayoutItem.State.RETURNED, error="RETURNED")
    assert balance(alice) == "$17.99"
    assert not LedgerEntry.objects.payable().exists()
    close(commission, row)
    assert LedgerEntry.objects.payable().balance("USD") == Money(1799, "USD")


def test_dispute_of_order_without_attribution_raises_no_flag(product: Product) -> None:
    payment = factories.payment(factories.order(product))
    payment_disputed.send(Payment, payment=payment, dispute=SimpleNamespace(pk=uuid7()))
    assert not Flag.objects.exists()
