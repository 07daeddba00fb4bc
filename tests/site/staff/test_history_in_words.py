"""A row's history says who changed what, from what to what; values of personal columns are never stored with it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from privacy.audit.trail import record
from shop.models import Order, Product
from tests import factories
from tests.cast import signed_in
from tests.staff_pages import Page

from .test_money_in_the_admin import fields_of


@pytest.fixture
def dana(db: None) -> Client:
    return signed_in(factories.user("dana@example.com", name="Dana Staff", is_staff=True, is_superuser=True))


def history(client: Client, kind: str, row: Any) -> list[str]:
    page = BeautifulSoup(client.get(f"/admin/{kind}/{row.pk}/history/").content, "html.parser")
    return [line.text for line in page.select(".history-what")]


def change(client: Client, product: Product, **typed: str) -> None:
    address = f"/admin/shop/product/{product.pk}/change/"
    fields = {"fulfillment": "We write to you.", **fields_of(client, address), **typed}
    assert client.post(address, {name: value for name, value in fields.items() if value != "-"}).status_code == 302


def test_price_is_told_from_what_to_what(dana: Client, product: Product) -> None:
    change(dana, product, price_minor="69.95")
    assert history(dana, "shop/product", product)[0] == "Dana Staff changed the price from $59.95 to $69.95"


def test_price_in_another_currency_is_told_in_both(dana: Client, product: Product) -> None:
    change(dana, product, price_minor="7000", currency="JPY", price_confirmed="7,000 JPY")
    said = history(dana, "shop/product", product)[0]
    assert "the price from $59.95 to 7,000 JPY and the currency from USD to JPY" in said


def test_texts_are_named_and_never_quoted(dana: Client, product: Product) -> None:
    """Django's log is in clear text, and no erasure reaches it: a public title may hold somebody's name or number."""
    change(dana, product, name="Call +1 805 651 8516", headline="Ask ann@example.org", is_active="-")
    said = history(dana, "shop/product", product)[0]
    assert "the name" in said
    assert "the headline" in said
    assert "“on sale” from yes to no" in said
    stored = repr(list(LogEntry.objects.values()))
    assert "product" in stored
    assert "651" not in stored
    assert "ann@" not in stored


def test_change_of_a_row_on_the_same_page_is_told(dana: Client, product: Product) -> None:
    change(dana, product, **{"features-0-heading": "Firewall", "features-0-text": "Blocks."})
    assert history(dana, "shop/product", product)[0] == "Dana Staff added a feature"
    change(dana, product, **{"features-0-heading": "Fire wall"})
    assert history(dana, "shop/product", product)[0] == "Dana Staff changed the heading of a feature"
    assert "wall" not in repr(list(LogEntry.objects.values()))


def test_former_code_of_an_affiliate_is_not_kept_in_the_admin_log(dana: Client, alice: Affiliate) -> None:
    address, before = f"/admin/affiliates/affiliate/{alice.pk}/change/", alice.code
    page = Page(dana, address)
    assert "was changed successfully" in page.submit(code="ALICE-LIDDELL").text
    assert "changed the code" in history(dana, "affiliates/affiliate", alice)[0]
    stored = repr(list(LogEntry.objects.values()))
    assert "ALICE-LIDDELL" not in stored
    assert f"{before}”" not in stored


def test_text_that_only_came_back_with_other_white_space_is_not_called_changed(dana: Client, product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(description="One\n\nTwo\n")
    change(dana, product, description="One\r\n\r\nTwo", price_minor="69.95")
    assert history(dana, "shop/product", product)[0] == "Dana Staff changed the price from $59.95 to $69.95"


def test_personal_columns_are_named_without_values(dana: Client, bob: User) -> None:
    address = f"/admin/accounts/user/{bob.pk}/change/"
    form = BeautifulSoup(dana.get(address).content, "html.parser").select_one("#user_form")
    assert form is not None
    typed = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[name]:not([type=checkbox])")}
    typed |= {"name": "Robert Secret", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert dana.post(address, typed).status_code == 302
    assert history(dana, "accounts/user", bob)[0] == "Dana Staff changed the name"
    stored = repr(list(LogEntry.objects.values()))
    assert "Secret" not in stored
    assert "bob@" not in stored


def test_what_was_done_without_a_form_is_told_too_and_reading_is_not(dana: Client, product: Product) -> None:
    order = factories.order(product, "carol@example.org")
    record(action="shop.order.placed", about=order, actor=None)
    dana.get(f"/admin/shop/order/{order.pk}/change/")
    [said] = history(dana, "shop/order", order)
    assert said.startswith("A buyer placed the order")


def test_history_names_no_owner_of_an_account_to_those_who_may_not_see_accounts(
    alice: Affiliate,
) -> None:
    record(action="affiliates.terms.accepted", about=alice, actor=alice.user)
    viewer = factories.user("vic@example.com", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_affiliate"))
    [said] = history(signed_in(viewer), "affiliates/affiliate", alice)
    assert said.startswith("The owner of an account accepted the terms for the affiliate")


def test_row_without_a_history_says_so(dana: Client, product: Product) -> None:
    assert (
        "Nothing has been changed here yet" in dana.get(f"/admin/shop/product/{product.pk}/history/").content.decode()
    )


def test_order_page_has_a_history(dana: Client, product: Product) -> None:
    order: Order = factories.order(product)
    assert dana.get(f"/admin/shop/order/{order.pk}/history/").status_code == 200
