"""Whoever owns a domain that looks like the victim's gets nothing of the victim's, and changes nothing.

A look-alike (`straße` and `strasse`, `ẞ`, a final `ς`) reaches another mailbox, so it is another person, whatever the
form it is typed into.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from affiliates.models import Application
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.models import OutgoingMail
from shop.models import Order, Product
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import anew
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

# What the attacker types, where mail to that goes, and the victim whose data it was taken for.
PAIRS = [
    ("anna@straße.example", "anna@xn--strae-oqa.example", "anna@strasse.example"),
    ("anna@STRAẞE.example", "anna@xn--strae-oqa.example", "anna@strasse.example"),
    ("anna@βόλος.example", "anna@xn--nxasmm1c.example", "anna@βόλοσ.example"),
    ("straße@example.net", "straße@example.net", "strasse@example.net"),
    ("ａnna@strasse.example", "ａnna@strasse.example", "anna@strasse.example"),
]
look_alikes = pytest.mark.parametrize(("typed", "delivered_to", "victim"), PAIRS)


@pytest.fixture
def attacker() -> Client:
    return Client()


def order_of(victim: str, product: Product) -> Order:
    return factories.order(product, victim, name="Anna Victim", reference="B-VICTIM1")


def asked(browser: Client, typed: str, kind: str) -> None:
    form = {"email": typed, "kind": kind, "details": "", "phone": ""}
    assert browser.post("/privacy/request/", form).status_code == 302


def pressed(browser: Client, page: str) -> str:
    """Presses the button behind a mailed link. What is shown then, with the archive it may lead to."""
    response = browser.post(page, follow=True)
    shown = response.content.decode()
    where = response.redirect_chain[-1][0] if response.redirect_chain else ""
    return shown + "".join(_files(browser, where)) if "/archive/" in where else shown


def _files(browser: Client, archive: str) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(browser.get(f"{archive}download/").content)) as files:
        yield from (files.read(name).decode(errors="replace") for name in files.namelist())


@look_alikes
def test_access_request_of_a_look_alike_delivers_nothing_of_the_victims(
    attacker: Client, product: Product, typed: str, delivered_to: str, victim: str
) -> None:
    order_of(victim, product)
    asked(attacker, typed, "access")
    stolen = pressed(attacker, link_mailed_to(delivered_to))
    assert json.dumps(typed, ensure_ascii=False) in stolen  # an archive came, about the look-alike
    assert "B-VICTIM1" not in stolen and "Anna Victim" not in stolen
    own = Client()
    asked(own, victim.upper() if victim.isascii() else victim, "access")
    assert "B-VICTIM1" in pressed(own, link_mailed_to(envelope_of(victim)))


def envelope_of(victim: str) -> str:
    """Where the newest mail went whose reader is the victim."""
    run_due_tasks()
    local = victim.partition("@")[0]
    [address] = mail.outbox[-1].to
    assert address.lower().startswith(f"{local}@")
    return address


@look_alikes
def test_deletion_of_a_look_alike_deletes_nothing_of_the_victims(
    attacker: Client, product: Product, typed: str, delivered_to: str, victim: str
) -> None:
    order = order_of(victim, product)
    asked(attacker, typed, "deletion")
    pressed(attacker, link_mailed_to(delivered_to))
    assert (anew(order).email, anew(order).name) == (victim, "Anna Victim")
    assert not is_opted_out(victim, "email")


@look_alikes
def test_password_link_for_a_look_alike_is_mailed_to_nobody(
    attacker: Client, typed: str, delivered_to: str, victim: str
) -> None:
    account = factories.user(victim)
    attacker.post("/accounts/password/", {"email": typed})
    run_due_tasks()
    assert mail.outbox == []
    attacker.post("/accounts/password/", {"email": victim})
    run_due_tasks()
    assert [message.to for message in mail.outbox] == [[envelope_of(victim)]]
    assert delivered_to not in mail.outbox[-1].to
    assert anew(account).email == victim


@look_alikes
def test_look_alike_does_not_sign_in_as_the_victim(
    attacker: Client, typed: str, delivered_to: str, victim: str
) -> None:
    factories.user(victim)
    wrong = {"email": typed, "password": "correct horse battery"}
    assert attacker.post("/accounts/login/", wrong).status_code == 200
    assert "_auth_user_id" not in attacker.session
    assert attacker.post("/accounts/login/", {**wrong, "email": victim}).status_code == 302
    assert "_auth_user_id" in attacker.session


@look_alikes
def test_choices_of_a_look_alike_do_not_show_or_change_the_victims(
    attacker: Client, typed: str, delivered_to: str, victim: str
) -> None:
    suppress(victim, "email")
    factories.order(factories.product(), email=typed)
    attacker.post("/privacy/choices/", {"email": typed})
    page = link_mailed_to(delivered_to)
    assert 'value="order-email"' in attacker.get(page).content.decode()
    attacker.post(page, {"open": ["order-email", "quote-email", "policy_notice-email"]})
    assert is_opted_out(victim, "email", purpose="order")
    attacker.post(page, {"stop": "1"})
    assert is_opted_out(typed, "phone")
    assert not is_opted_out(victim, "phone")


@look_alikes
def test_application_link_for_a_look_alike_is_not_sent_again(
    attacker: Client, typed: str, delivered_to: str, victim: str
) -> None:
    Application.objects.create(name="Anna", email=victim, website="https://a.example", state="unconfirmed")
    attacker.post("/affiliates/apply/link/", {"email": typed})
    run_due_tasks()
    assert not OutgoingMail.objects.filter(recipient_index=typed).exists()
    assert mail.outbox == []


@look_alikes
def test_two_accounts_may_have_look_alike_addresses(typed: str, delivered_to: str, victim: str) -> None:
    assert factories.user(victim) != factories.user(typed)
    assert User.objects.get(email_index=typed).email == typed
