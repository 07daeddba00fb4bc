"""/orders/find/: the links of all orders of an address, mailed there, without telling who bought something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.models import OutgoingMail, Suppression
from shop.models import Order, OrderLinksRequest, Product
from tests import factories
from tests.privacy.stored import stored
from tests.statements import statements
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

URL = "/orders/find/"


def ask(client: Client, email: str = "carol@example.org", network: str = "127.0.0.1") -> Any:
    return client.post(URL, {"email": email}, REMOTE_ADDR=network)


def paid(product: Product, email: str = "carol@example.org", **fields: Any) -> Order:
    return factories.order(product, email, state=Order.State.PAID, paid_at=timezone.now(), **fields)


def found() -> str:
    run_due_tasks()
    [message] = mail.outbox
    return str(message.body)


def test_link_that_no_longer_works_leads_to_the_form_like_one_that_never_did(client: Client, product: Product) -> None:
    order = paid(product)
    former = order.get_absolute_url()
    assert client.get(former).status_code == 200
    order.delete()
    for address in (former, "/orders/never/"):
        response = client.get(address)
        assert response.status_code == 404
        assert BeautifulSoup(response.content, "html.parser").select_one(f'main a[href="{URL}"]') is not None


def test_page_of_a_deleted_buyer_does_not_offer_what_can_no_longer_work(client: Client, product: Product) -> None:
    page = paid(product).get_absolute_url()
    assert f'Lost it? <a href="{URL}"' in client.get(page).content.decode()
    erase_person(email="carol@example.org", keep_usable=True)
    assert "Lost it?" not in client.get(page).content.decode()


@pytest.mark.parametrize("typed", ["carol@example.org", "CAROL@Example.ORG", " carol@example.org "])
def test_links_of_all_orders_arrive_in_one_mail(client: Client, product: Product, typed: str) -> None:
    orders = [paid(product), paid(product), factories.order(product)]
    others = paid(product, "dave@example.org")
    response = ask(client, typed)
    assert (response.status_code, response["Location"]) == (302, "/orders/find/sent/")
    text = found()
    for order in orders:
        assert order.get_absolute_url() in text
        assert order.reference in text
    assert others.link_token not in text
    assert client.get(orders[0].get_absolute_url()).status_code == 200


def test_mail_goes_to_the_stored_address_not_to_the_typed_one(client: Client, product: Product) -> None:
    paid(product, "carol@example.org")
    ask(client, "Carol@EXAMPLE.org")
    run_due_tasks()
    assert [message.to for message in mail.outbox] == [["carol@example.org"]]


def test_mail_quotes_nothing_that_the_buyer_typed(client: Client, product: Product) -> None:
    paid(product, name="Buy pills at pills.example")
    ask(client)
    assert "pills" not in found()


def test_answer_is_the_same_for_buyers_and_strangers(client: Client, product: Product) -> None:
    paid(product)
    answers = []
    for address in ("carol@example.org", "nobody@example.org"):
        response = ask(client, address)
        headers = {**response.headers, "X-Request-ID": ""}  # random, of each request
        answers.append((response.status_code, headers, client.get(response["Location"]).content))
    assert answers[0] == answers[1]
    run_due_tasks()
    assert len(mail.outbox) == 1


def test_a_buyers_address_costs_the_page_no_more_than_a_strangers(client: Client, product: Product) -> None:
    paid(product)
    ask(client, "first@example.net")  # what is looked up once is in memory from then on
    unknown = statements(lambda: ask(client, "nobody@example.net"))
    known = statements(lambda: ask(client, "carol@example.org"))
    assert known == unknown
    assert not [statement for statement in known if '"shop_order"' in statement]


def test_no_task_holds_the_typed_address_and_its_row_is_deleted(client: Client) -> None:
    ask(client, "nobody@example.net")
    [task], [row] = DBTaskResult.objects.all(), OrderLinksRequest.objects.all()
    assert task.args_kwargs["args"] == [str(row.pk)]
    assert b"nobody" not in stored(row, "email")
    run_due_tasks()
    assert not OrderLinksRequest.objects.exists()


def test_request_without_a_worker_expires_after_an_hour(
    client: Client, product: Product, clock: time_machine.Traveller
) -> None:
    paid(product)
    ask(client)
    clock.shift(timedelta(hours=1))
    purge_expired(now=timezone.now())
    assert not OrderLinksRequest.objects.exists()
    run_due_tasks()
    assert not mail.outbox


def test_strangers_unpaid_orders_do_not_crowd_out_paid_ones(client: Client, product: Product) -> None:
    bought = paid(product)
    spam = [factories.order(product) for _ in range(7)]
    ask(client)
    text = found()
    assert bought.get_absolute_url() in text
    assert sum(order.get_absolute_url() in text for order in spam) == 5


def test_one_network_does_not_use_up_a_buyers_links_of_the_day(client: Client, product: Product) -> None:
    paid(product)
    answers = [ask(client, network="203.0.113.7") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 6
    assert answers[-1]["Retry-After"] == str(12 * 60 * 60)  # of the day, at noon
    run_due_tasks()
    mail.outbox.clear()
    assert ask(Client()).status_code == 302
    assert found()


def test_beyond_the_days_mails_of_an_address_the_answer_is_the_same(
    client: Client, product: Product, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 4
    paid(product)
    answers = [ask(client, network=f"203.0.{number}.7") for number in range(6)]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, f"{URL}sent/")}
    run_due_tasks()
    assert len(mail.outbox) == 4


def test_address_is_mailed_a_few_times_a_day_whatever_other_forms_sent(
    client: Client, product: Product, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 4
    paid(product)
    contact = {"name": "Mallory", "email": "carol@example.org", "kind": "question", "message": "Hello?"}
    for number in range(3):
        client.post("/contact/", {**contact, "message": f"Hello {number}?"})
    mail.outbox.clear()
    assert [ask(client).status_code for _ in range(3)] == [302, 302, 429]
    response = ask(client)
    assert "No link was sent this time" in response.content.decode()
    assert "Retry-After" in response.headers
    assert 'value="carol@example.org"' in response.content.decode()
    assert ask(client, "nobody@example.org").status_code == 302


def test_network_is_limited(client: Client, product: Product, settings: Settings) -> None:
    settings.MAIL_LIMIT_PER_FORM = 3
    assert [ask(client, f"guess{n}@example.org").status_code for n in range(5)] == [302, 302, 302, 429, 429]


def test_buyer_who_opted_out_of_mail_still_gets_the_links_they_ask_for(client: Client, product: Product) -> None:
    order = paid(product)
    Suppression.objects.create(fingerprint="carol@example.org", channel="email")
    ask(client)
    assert order.get_absolute_url() in found()


def test_deleted_buyer_has_no_orders_to_find(client: Client, product: Product) -> None:
    paid(product)
    erase_person(email="carol@example.org")
    ask(client)
    run_due_tasks()
    assert not mail.outbox


def test_links_are_not_kept_after_the_mail_was_sent(client: Client, product: Product) -> None:
    order = paid(product)
    ask(client)
    run_due_tasks()
    kept = OutgoingMail.objects.get()
    assert order.link_token not in f"{kept.text} {kept.html}"


@pytest.mark.parametrize("typed", ["", "carol", "a@b@c", "x" * 400 + "@example.org"])
def test_invalid_address_is_explained(client: Client, typed: str) -> None:
    response = ask(client, typed)
    assert response.status_code == 200
    assert "Error:" in response.content.decode()
    assert not DBTaskResult.objects.exists()
