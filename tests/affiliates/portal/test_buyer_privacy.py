"""An affiliate learns only the amount and the day of a sale, on every page, in every file and in every email."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.commissions.objections import answer_objection
from affiliates.models import Affiliate, Commission, Flag, Objection
from affiliates.payouts.runs import prepare_payout
from shop.models import Product
from shop.payments.capture_booking import apply_capture
from tests.affiliates.sales import refund
from tests.cast import signed_in
from tests.shop.purchases import capture_of, place

from .pages import PORTAL

pytestmark = pytest.mark.usefixtures("paypal_down")

CLOCK_TIME = re.compile(r"\b\d{1,2}:\d\d\b")


@pytest.fixture
def sold(clock: time_machine.Traveller, alice: Affiliate, product: Product, bob: User, client: Client) -> Commission:
    """A sale at 13:07:43, that goes all the way: mailed, held, objected to, approved, paid out, refunded."""
    Affiliate.objects.update(mail_sales=True)
    clock.move_to("2026-03-02T13:05:11+00:00")
    client.get("/go/DEMO/", headers={"Referer": "https://blog.example.net/"}, REMOTE_ADDR="203.0.113.5")
    clock.move_to("2026-03-02T13:07:43+00:00")
    payment = place(client, email="carol@example.org").payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    commission = Commission.objects.get()
    signed_in(alice.user).post(f"{PORTAL}commissions/{commission.number}/object/", {"text": "Hm."})
    answer_objection(objection=Objection.objects.get(), answer="We looked.", upheld=False, actor=bob)
    clock.shift(timedelta(days=30))
    approve_past_hold(now=timezone.now())
    prepare_payout(currency="USD", actor=bob)
    refund(commission, "20.00")
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id="x")
    return commission


def secrets_of(commission: Commission) -> list[str]:
    attribution, click = commission.attribution, commission.attribution.click
    ids = [commission.pk, attribution.pk, attribution.order_id, *commission.ledger.values_list("pk", flat=True)]
    ids += [click.pk] if click else []
    words = [attribution.order.reference, "carol@example.org", "Carol", "203.0.113.5", "blog.example.net", "disputes"]
    return [*(str(one) for one in ids), *words]


def pages(commission: Commission) -> list[str]:
    payout = commission.affiliate.payouts.get()
    names = ("", "campaigns/", "commissions/", "objections/", "payouts/", "links/", "labels/", f"payouts/{payout.pk}/")
    return [*names, f"commissions/{commission.number}/", "statement/?period=2026"]


def test_portal_pages_reveal_nothing_about_buyer(sold: Commission) -> None:
    client = signed_in(sold.affiliate.user)
    for path in pages(sold):
        text = client.get(PORTAL + path).content.decode()
        assert [secret for secret in secrets_of(sold) if secret in text] == [], path
        if path.startswith("statement"):
            text = re.sub(r"Created on .* UTC", "", text)
        assert CLOCK_TIME.findall(text) == [], path
        assert "<time" not in text
    assert sold.number in client.get(f"{PORTAL}commissions/").content.decode()


def test_portal_files_reveal_nothing_about_buyer(sold: Commission) -> None:
    client = signed_in(sold.affiliate.user)
    for kind in ("commissions", "ledger", "payouts"):
        text = client.get(f"{PORTAL}files/{kind}.csv").getvalue().decode()
        assert [secret for secret in secrets_of(sold) if secret in text] == [], kind
        assert CLOCK_TIME.findall(text) == [], kind
    rows = client.get(f"{PORTAL}files/commissions.csv").getvalue().decode()
    assert f"2026-03-02,{sold.number}," in rows


def test_affiliate_emails_reveal_nothing_about_buyer(sold: Commission, work: Callable[[], int]) -> None:
    work()
    mails = [message for message in mail.outbox if message.to == ["alice@example.com"]]
    assert {message.subject for message in mails} >= {"A sale through your link", "Our answer to your objection"}
    for message in mails:
        text = str(message.message())
        assert [secret for secret in secrets_of(sold) if secret in text] == [], message.subject
        assert CLOCK_TIME.findall(str(message.body)) == [], message.subject
    assert all(sold.number in str(message.body) for message in mails)


@pytest.mark.parametrize("path", ["commissions/{pk}/", "commissions/{pk}/object/"])
def test_row_ids_are_not_accepted_in_portal_addresses(sold: Commission, path: str) -> None:
    client = signed_in(sold.affiliate.user)
    assert client.get(PORTAL + path.format(pk=sold.number)).status_code == 200
    assert client.get(PORTAL + path.format(pk=sold.pk)).status_code == 404


def test_staff_find_commission_by_number(sold: Commission, staff: Client) -> None:
    page = staff.get(f"/admin/affiliates/commission/?q={sold.number}").content.decode()
    assert sold.attribution.order.reference in page


def test_policy_says_what_affiliate_learns_about_buyer(client: Client, db: None) -> None:
    text = client.get("/privacy/").content.decode()
    assert "the affiliate learns the amount and the day of a sale, never who bought" in text
    assert "The affiliate who brought your order" in text
