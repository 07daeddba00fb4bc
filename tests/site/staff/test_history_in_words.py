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


def test_short_texts_are_quoted_and_long_ones_named(dana: Client, product: Product) -> None:
    change(dana, product, headline="Guards a site", description="Long. " * 20, is_active="-")
    said = history(dana, "shop/product", product)[0]
    assert "the headline from empty to “Guards a site”" in said
    assert "“on sale” from yes to no" in said
    assert "the description" in said
    assert "Long." not in said


def test_row_of_an_inline_is_named_with_its_change(dana: Client, product: Product) -> None:
    change(dana, product, **{"features-0-heading": "Firewall", "features-0-text": "Blocks."})
    assert history(dana, "shop/product", product)[0] == "Dana Staff added the feature “Firewall”"
    change(dana, product, **{"features-0-heading": "Fire wall"})
    said = history(dana, "shop/product", product)[0]
    assert said == "Dana Staff changed the heading from “Firewall” to “Fire wall” of the feature “Fire wall”"


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


def test_history_escapes_what_was_typed(dana: Client, product: Product) -> None:
    change(dana, product, headline="<script>x</script>")
    page = dana.get(f"/admin/shop/product/{product.pk}/history/").content.decode()
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page


def test_order_page_has_a_history(dana: Client, product: Product) -> None:
    order: Order = factories.order(product)
    assert dana.get(f"/admin/shop/order/{order.pk}/history/").status_code == 200
