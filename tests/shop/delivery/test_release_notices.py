"""Email about new versions: for buyers who asked for it, once for each release, until they stop it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aitpro.housekeeping import housekeep
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.models import Suppression
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Audience, Purpose
from shop.delivery.release_notices import mail_release_notices
from shop.models import Order, Product
from shop.models.delivery import ProductFile
from tests import factories
from tests.shop.delivery.test_downloads import zipped
from tests.staff_pages import Page
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(product: Product) -> Order:
    factories.release(product, version="1.0")
    return factories.order(product, state=Order.State.PAID, paid_at=timezone.now())


def choose(client: Client, order: Order, wanted: str = "yes") -> Any:
    return client.post(f"{order.get_absolute_url()}release-notices/", {"wanted": wanted})


def page(client: Client, order: Order) -> str:
    return client.get(order.get_absolute_url()).content.decode()


def announced() -> list[tuple[str, str]]:
    """The notices of this run of housekeeping."""
    mail.outbox.clear()
    with acting_for(Purpose.RELEASE_NEWS, Audience.PERSON):
        mail_release_notices(now=timezone.now())
    run_due_tasks()
    return [(message.to[0], str(message.subject)) for message in mail.outbox]


@pytest.fixture
def asked(client: Client, order: Order, clock: Any) -> Order:
    """Carol asked for notices, after the first release was announced to nobody."""
    announced()
    clock.shift(1)
    choose(client, order)
    clock.shift(1)
    return order


def publish(product: Product, version: str = "2.0", **fields: Any) -> ProductFile:
    return factories.release(product, version=version, **fields)


def test_nobody_gets_notices_unasked(client: Client, order: Order) -> None:
    assert "Email me about new versions" in page(client, order)
    publish(order.product)
    assert announced() == []


def test_buyer_who_asked_is_told_once(client: Client, asked: Order) -> None:
    assert "Stop these emails" in page(client, asked)
    publish(asked.product, notes="Quicker.")
    assert announced() == [("carol@example.org", "BPS Pro 2.0 is available")] != announced()
    assert announced() == []


def test_notice_leads_to_the_order_and_carries_a_one_click_opt_out(client: Client, asked: Order) -> None:
    publish(asked.product, notes="Quicker.")
    announced()
    [message] = mail.outbox
    assert asked.get_absolute_url() in str(message.body)
    assert "Quicker." in str(message.body)
    assert "Carol" not in str(message.body)
    found = re.search(r"<https?://[^/]+(/privacy/choices/[^>]+)>", message.extra_headers["List-Unsubscribe"])
    assert found
    assert client.post(found[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    publish(asked.product, "3.0")
    assert announced() == []
    assert "You unsubscribed from email about new versions" in page(client, asked)


def test_opt_out_holds_whoever_has_the_orders_link(client: Client, asked: Order, clock: Any) -> None:
    Suppression.objects.create(fingerprint="carol@example.org", channel="email", purpose=Purpose.RELEASE_NEWS)
    for version in ("2.0", "3.0", "4.0"):
        clock.shift(1)
        choose(client, asked, "no")
        choose(client, asked)
        clock.shift(1)
        publish(asked.product, version)
        assert announced() == []


def test_opt_out_of_release_notices_leaves_receipts(client: Client, asked: Order) -> None:
    Suppression.objects.create(fingerprint="carol@example.org", channel="email", purpose=Purpose.RELEASE_NEWS)
    client.post("/orders/find/", {"email": "carol@example.org"})
    run_due_tasks()
    assert [message.subject for message in mail.outbox] == ["Links to your orders"]


def test_link_turns_notices_on_and_off_so_often_in_an_hour(client: Client, order: Order) -> None:
    answers = [choose(client, order, ("yes", "no")[number % 2]) for number in range(32)]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "3600"
    assert "Nothing was changed" in answers[-1].content.decode()
    assert AuditEntry.objects.filter(action__startswith="shop.release_notices.").count() == 30
    other = factories.order(order.product, state=Order.State.PAID, paid_at=timezone.now())
    assert choose(client, other).status_code == 302


def test_same_choice_again_records_nothing(client: Client, order: Order) -> None:
    for _ in range(5):
        choose(client, order)
    assert AuditEntry.objects.filter(action__startswith="shop.release_notices.").count() == 1


def test_choice_is_taken_back_on_the_order_page(client: Client, asked: Order) -> None:
    choose(client, asked, "")
    assert "Email me about new versions" in page(client, asked)
    publish(asked.product)
    assert announced() == []


def test_release_of_the_future_is_announced_when_it_is_out(asked: Order, clock: Any) -> None:
    publish(asked.product, released_at=timezone.now() + timedelta(hours=1))
    publish(asked.product, "3.0", released_at=None)
    assert announced() == []
    clock.shift(3600)
    assert announced() == [("carol@example.org", "BPS Pro 2.0 is available")]


def test_release_that_is_withdrawn_and_published_again_is_announced_once(asked: Order, clock: Any) -> None:
    release = publish(asked.product)
    assert len(announced()) == 1
    ProductFile.objects.filter(pk=release.pk).update(released_at=None)
    assert announced() == []
    clock.shift(60)
    ProductFile.objects.filter(pk=release.pk).update(released_at=timezone.now())
    assert announced() == []


def test_older_version_that_is_added_later_is_no_news(asked: Order) -> None:
    publish(asked.product, "0.9", released_at=timezone.now() - timedelta(days=300))
    assert announced() == []


def test_release_of_another_product_is_no_news(asked: Order) -> None:
    publish(factories.product(slug="other", name="Other"))
    assert announced() == []


def test_release_that_staff_do_not_announce_is_told_to_nobody_until_they_do(asked: Order, clock: Any) -> None:
    release = publish(asked.product, is_announced=False)
    assert announced() == []
    ProductFile.objects.filter(pk=release.pk).update(is_announced=True)
    clock.shift(60)
    assert announced() == [("carol@example.org", "BPS Pro 2.0 is available")]
    assert announced() == []


def test_unannounced_release_does_not_stop_the_mails_about_the_one_before(asked: Order) -> None:
    publish(asked.product)
    publish(asked.product, "2.1", is_announced=False)
    assert announced() == [("carol@example.org", "BPS Pro 2.0 is available")]


def test_release_form_says_how_many_would_be_told_and_when_they_were(
    staff: Client, client: Client, asked: Order, clock: Any
) -> None:
    choose(client, factories.order(asked.product, state=Order.State.PAID, paid_at=timezone.now()))  # Carol again
    choose(client, factories.order(asked.product, "dave@example.org", state=Order.State.PAID, paid_at=timezone.now()))
    address = f"/admin/shop/product/{asked.product_id}/change/"
    form = Page(staff, address)
    assert "Tell 2 buyers who asked, by email" in form.text
    clock.shift(1)
    file = SimpleUploadedFile("guard.zip", zipped())
    saved = form.submit(**{"files-2-0-version": "2.0", "files-2-0-content": file, "files-2-0-is_announced": ""})
    assert "is announced" not in saved.text
    assert announced() == []
    release = ProductFile.objects.get(version="2.0")
    clock.shift(1)
    again = Page(staff, address)
    again.submit(**{"files-0-is_announced": "on"})
    assert ProductFile.objects.get(pk=release.pk).is_announced
    assert sorted(set(announced())) == [(f"{who}@example.org", "BPS Pro 2.0 is available") for who in ("carol", "dave")]
    done = Page(staff, address)
    assert "Nobody is told twice" in done.text
    done.submit(**{"files-0-is_announced": ""})
    assert announced() == []


@pytest.mark.parametrize("state", ["refunded", "open", "pending"])
def test_order_that_is_not_delivered_gets_no_notice(client: Client, asked: Order, state: str) -> None:
    Order.objects.update(state=state)
    publish(asked.product)
    assert announced() == []
    assert "New versions" not in page(client, asked)


def test_deleted_buyer_gets_no_notice_and_cannot_ask(client: Client, asked: Order) -> None:
    erase_person(email="carol@example.org", keep_usable=True)
    publish(asked.product)
    assert announced() == []
    assert "New versions" not in page(client, asked)
    Order.objects.update(release_notices_after=None)
    choose(client, asked)
    asked.refresh_from_db()
    assert asked.release_notices_after is None


def test_housekeeping_announces_under_its_own_purpose(asked: Order) -> None:
    publish(asked.product)
    assert housekeep(now=timezone.now())["release notices mailed"] == 1
    assert housekeep(now=timezone.now())["release notices mailed"] == 0


def test_run_without_news_needs_two_queries_and_one_per_product(
    client: Client, asked: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        choose(client, factories.order(asked.product, f"buyer{number}@example.org", state=Order.State.PAID))
    announced()
    with acting_for(Purpose.RELEASE_NEWS, Audience.PERSON), django_assert_num_queries(3):
        mail_release_notices(now=timezone.now())


def test_choice_needs_the_link_and_a_post(client: Client, order: Order) -> None:
    assert client.get(f"{order.get_absolute_url()}release-notices/").status_code == 405
    assert client.post(f"/orders/{order.reference}/release-notices/", {"wanted": "yes"}).status_code == 404
