"""Steps that matter ask again who it is, keep what was typed, and end a session that guesses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.models.session import Session
from affiliates.models import Affiliate, LedgerEntry, PayoutRun
from affiliates.payouts.runs import prepare_payout
from privacy.encryption.models import uuid7
from privacy.models import PrivacyRequest
from shop.models import Product, Refund
from tests import factories
from tests.affiliates.sales import approved_sale, sale

from .codes import PASSWORD, code_now, give_password, is_signed_in, set_up

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ASKS = "Confirm your identity"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Settings) -> None:
    settings.REAUTHENTICATION_MINUTES = 15


@pytest.fixture
def tired(bob: User, clock: time_machine.Traveller) -> Client:
    """Bob's browser, a quarter of an hour after he signed in."""
    client = Client()
    give_password(client, "bob@example.com")
    clock.shift(timedelta(minutes=15))
    return client


def asks(response: Any) -> bool:
    return ASKS in response.content.decode()


def confirm(client: Client, path: str, page: Any, password: str = PASSWORD) -> Any:
    """Types the password into the form as it is on the page, hidden fields included."""
    form: Any = BeautifulSoup(page.content, "html.parser").select_one("main form")
    hidden = [(field["name"], field.get("value", "")) for field in form.select("input[type=hidden]")]
    data: dict[str, list[str]] = {}
    for name, value in hidden:
        data.setdefault(name, []).append(value)
    return client.post(path, {**data, "again-password": password})


def test_the_project_asks_after_a_quarter_of_an_hour() -> None:
    from aitpro import settings as real

    assert real.REAUTHENTICATION_MINUTES == 15


def test_the_only_way_on_is_not_called_optional(tired: Client) -> None:
    path = "/admin/accounts/user/add/"
    page = tired.get(path)
    assert "optional" not in page.content.decode()
    assert "Please enter your password." in confirm(tired, path, page, password="").content.decode()


def test_recent_sign_in_needs_no_reauthentication(bob: User, clock: time_machine.Traveller) -> None:
    client = Client()
    give_password(client, "bob@example.com")
    clock.shift(timedelta(minutes=14, seconds=59))
    assert not asks(client.get("/admin/accounts/user/add/"))
    clock.shift(timedelta(seconds=1))
    assert asks(client.get("/admin/accounts/user/add/"))


def test_a_payout_run_is_approved_only_after_the_password(tired: Client, alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    run = prepare_payout(actor=factories.user("dora@example.com", is_staff=True), currency="USD")
    path = f"/admin/affiliates/payoutrun/{run.pk}/approve/"
    page = tired.post(path)
    assert asks(page)
    run.refresh_from_db()
    assert run.state == PayoutRun.State.PREPARED
    assert confirm(tired, path, page).status_code == 302
    run.refresh_from_db()
    assert run.state != PayoutRun.State.PREPARED


def test_a_refund_goes_on_with_what_was_typed(tired: Client, alice: Affiliate, product: Product) -> None:
    payment = sale(alice, product).attribution.order.payments.get()
    path = f"/admin/shop/payment/{payment.pk}/refund/"
    page = tired.post(path, {"amount": "12.34", "number": "0190d5e8-0000-7000-8000-000000000001"})
    assert asks(page)
    assert not Refund.objects.exists()
    assert "12.34" in page.content.decode()


def test_a_license_key_is_replaced_only_after_the_password(tired: Client, alice: Affiliate, product: Product) -> None:
    order = sale(alice, product).attribution.order
    old, path = order.licenses.get(), f"/admin/shop/license/reissue/{order.pk}/"
    page = tired.post(path, {"replaces": str(old.pk)})
    assert asks(page)
    assert order.licenses.working().get() == old
    assert confirm(tired, path, page).status_code == 302
    assert order.licenses.working().get() != old


@pytest.mark.parametrize(
    "path",
    [
        "/admin/affiliates/ledgerentry/adjust/",
        "/admin/affiliates/rate/add/",
        "/admin/privacy/suppression/phone-list/",
        "/admin/privacy/suppression/letter-list/",
    ],
)
def test_actions_on_money_and_exports_require_reauthentication(tired: Client, bob: User, path: str) -> None:
    assert asks(tired.get(path)) and asks(tired.post(path, {"code": "DEMO", "amount": "123.45"}))
    assert not LedgerEntry.objects.exists()
    fresh = Client()
    give_password(fresh, "bob@example.com")
    assert not asks(fresh.get(path))


def test_staff_who_change_a_payout_address_are_asked(tired: Client, alice: Affiliate) -> None:
    path = f"/admin/affiliates/affiliate/{alice.pk}/change/"
    assert not asks(tired.get(path))
    assert asks(tired.post(path, {"payout_email": "thief@example.net", "website": ""}))
    alice.refresh_from_db()
    assert alice.payout_email == "alice@example.com"
    assert not alice.payout_email_changes.exists()


def test_asked_on_the_way_to_a_form_one_lands_on_the_form(tired: Client) -> None:
    path = "/admin/accounts/user/add/?_changelist_filters=q%3Dx"
    page = tired.get(path)
    assert asks(page)
    assert confirm(tired, path, page)["Location"] == path
    assert not asks(tired.get(path))


def test_adding_staff_keeps_what_was_typed_and_the_password_out_of_it(tired: Client) -> None:
    typed = {"email": "dora@example.com", "name": "Dora", "is_active": "on", "is_staff": "on"}
    path = "/admin/accounts/user/add/"
    page = tired.post(path, typed)
    assert asks(page)
    assert User.objects.with_email("dora@example.com") is None
    assert "no-store" in page["Cache-Control"]
    assert confirm(tired, path, page).status_code == 302
    dora = User.objects.with_email("dora@example.com")
    assert dora is not None
    assert dora.is_staff


@pytest.mark.parametrize("step", ["approve", "export"])
def test_a_disclosure_asks(tired: Client, step: str) -> None:
    assert asks(tired.post(f"/admin/disclosure/disclosure/{uuid7()}/{step}/"))


def test_printing_an_archive_asks(tired: Client) -> None:
    letter = {"kind": "access", "channel": "letter", "identity": "documents", "email": "erin@example.org"}
    day = {"received_at_0": "2026-03-01", "received_at_1": "09:00:00", "details": "A letter", "contact": ""}
    assert tired.post("/admin/privacy/privacyrequest/add/", {**letter, **day}).status_code == 302
    request = PrivacyRequest.objects.get()
    assert asks(tired.get(f"/admin/privacy/privacyrequest/{request.pk}/step/print/"))


@pytest.mark.parametrize("step", ["end-sessions", "reset-factor"])
def test_steps_with_an_account_ask(tired: Client, alice: Affiliate, step: str) -> None:
    assert asks(tired.get(f"/admin/accounts/user/{alice.user.pk}/{step}/"))


def test_a_stranger_is_sent_to_the_sign_in_and_never_asked(client: Client, bob: User) -> None:
    path = f"/admin/accounts/user/{bob.pk}/end-sessions/"
    assert client.post(path, {"again-method": "POST", "again-password": PASSWORD}).status_code == 302
    assert client.get(path, follow=True).request["PATH_INFO"] == "/accounts/login/"


def test_a_wrong_password_is_told_and_what_was_typed_stays(tired: Client) -> None:
    path, typed = "/admin/accounts/user/add/", {"email": "dora@example.com", "name": "Dora & Söhne"}
    page = confirm(tired, path, tired.post(path, typed), "wrong")
    assert "Wrong password" in page.content.decode()
    form: Any = BeautifulSoup(page.content, "html.parser").select_one("input[name=name]")
    assert form["value"] == "Dora & Söhne"
    assert confirm(tired, path, page).status_code == 302


def test_a_code_of_the_app_will_do(client: Client, alice: Affiliate, clock: time_machine.Traveller) -> None:
    give_password(client, "alice@example.com")
    secret, _ = set_up(client)
    clock.shift(timedelta(minutes=15))
    path = "/accounts/authenticator/"
    assert asks(client.get(path))
    answer = {"again-method": "GET", "again-code": "000000"}
    assert "This code is wrong" in client.post(path, answer).content.decode()
    clock.shift(timedelta(seconds=30))
    assert client.post(path, {**answer, "again-code": code_now(secret)})["Location"] == path
    assert not asks(client.get(path))


def test_five_wrong_passwords_end_the_session(tired: Client) -> None:
    path = "/admin/accounts/user/add/"
    for _ in range(4):
        assert asks(confirm(tired, path, tired.get(path), "guess"))
    assert confirm(tired, path, tired.get(path), "guess")["Location"] == "/accounts/login/"
    assert not Session.objects.exists()


def test_a_right_one_in_between_starts_the_count_again(tired: Client) -> None:
    path = "/accounts/security/password/"
    new = {"new_password1": "short", "new_password2": "short"}
    for password in ["guess"] * 4 + [PASSWORD] + ["guess"] * 4:
        assert tired.post(path, {"old_password": password, **new}).status_code == 200
    assert tired.post(path, {"old_password": "guess", **new})["Location"] == "/accounts/login/"


@pytest.mark.django_db(transaction=True)
def test_of_twenty_four_passwords_at_once_five_are_compared(tired: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right one among the later ones opens nothing either."""
    compared: list[str] = []
    check = User.check_password

    def counting(self: User, password: str) -> bool:
        compared.append(password)
        return check(self, password)

    monkeypatch.setattr(User, "check_password", counting)
    together = Barrier(24)

    def guess(number: int) -> None:
        client = Client()
        client.cookies = tired.cookies
        together.wait()
        client.post("/admin/accounts/user/add/", {"again-method": "GET", "again-password": f"guess {number}"})
        connection.close()

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(guess, range(24)))
    assert len(compared) == 5
    assert not is_signed_in(tired)
