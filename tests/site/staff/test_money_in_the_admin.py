"""No page of the admin shows or takes an amount in minor units."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.test import Client, RequestFactory

from accounts.models import User
from shop.models import Payment, Product
from shop.money_fields import MoneyFormField
from tests import factories


def amount_columns(model: type[models.Model]) -> set[str]:
    return {column.name for column in model._meta.concrete_fields if hasattr(column, "in_words")}


def with_amounts() -> list[type[models.Model]]:
    """The models whose admin, or an inline of it, has an amount."""
    return [
        model
        for model, model_admin in admin.site._registry.items()
        if any(map(amount_columns, (model, *(inline.model for inline in model_admin.inlines))))
    ]


@pytest.mark.parametrize("model", with_amounts(), ids=lambda model: model._meta.label)
def test_amount_is_named_in_the_admin_only_where_it_is_typed_as_money(model: type[models.Model], bob: User) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    model_admin = admin.site._registry[model]
    shown = [*flatten_fieldsets(model_admin.get_fieldsets(request, model())), *model_admin.get_list_display(request)]
    fields = model_admin.get_form(request, model()).base_fields if model_admin.has_change_permission(request) else {}
    bare = {name for name in amount_columns(model) & set(shown) if not isinstance(fields.get(name), MoneyFormField)}
    for inline in model_admin.inlines:
        typed = inline(model, admin.site).get_formset(request, model()).form.base_fields
        named = amount_columns(inline.model) & set(inline.fields or amount_columns(inline.model))
        bare |= {name for name in named if not isinstance(typed.get(name), MoneyFormField)}
    assert bare == set()


@pytest.mark.parametrize("model", with_amounts(), ids=lambda model: model._meta.label)
def test_amount_of_a_row_that_is_only_read_is_shown_as_money(model: type[models.Model]) -> None:
    """Who can't change an inline sees its columns as text, and a column of minor units would be a bare number."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    readers = {"has_change_permission": lambda *_: False, "has_add_permission": lambda *_: False}
    bare = set()
    for inline in admin.site._registry[model].inlines:
        read = type(inline.__name__, (inline,), {**readers, "_may_change": lambda *_: False})(model, admin.site)
        bare |= amount_columns(inline.model) & set(flatten_fieldsets(read.get_fieldsets(request, model())))
    assert bare == set()


def test_amount_column_that_staff_see_knows_its_words() -> None:
    """Their sums, in columns of statistics, are not shown by column."""
    integers = {
        column.model._meta.label
        for model in admin.site._registry
        for column in model._meta.concrete_fields
        if column.name.endswith("_minor") and not hasattr(column, "in_words")
    }
    assert integers == set()


def test_no_column_is_called_by_its_minor_units() -> None:
    names = [str(column.verbose_name) for model in apps.get_models() for column in model._meta.concrete_fields]
    assert [name for name in names if "minor unit" in name or "cents" in name] == []


@pytest.mark.parametrize("of", ["payment", "refund", "dispute"])
def test_page_of_each_shows_dollars(staff: Client, product: Product, of: str) -> None:
    payment = factories.payment(factories.order(product, state="paid"), state=Payment.State.PAID, capture_id="C1")
    rows: dict[str, Any] = {"payment": payment, "dispute": factories.dispute(payment)}
    rows["refund"] = payment.refunds.create(amount_minor=5995, currency="USD")
    page = BeautifulSoup(staff.get(f"/admin/shop/{of}/{rows[of].pk}/change/").content, "html.parser")
    main = page.select_one("#content").text  # type: ignore[union-attr]
    assert "$59.95" in main
    assert "5995" not in main


def test_conflict_page_shows_the_price_as_money_in_the_currency_it_was_in(
    staff: Client, product: Product, bob: User
) -> None:
    address = f"/admin/shop/product/{product.pk}/change/"
    stale = fields_of(staff, address)
    Product.objects.filter(pk=product.pk).update(price_minor=7000, currency="JPY")
    page = BeautifulSoup(staff.post(address, {**stale, "summary": "Guards well."}).content, "html.parser")
    said = [[cell.text.strip() for cell in row.select("th, td")] for row in page.select(".changed-since tbody tr")]
    assert ["Price", "$59.95", "7,000 JPY", "not changed"] in said
    assert page.select_one("[name=price_minor]")["value"] == "7000"  # type: ignore[index]
    assert not page.select("[name=price_confirmed]")  # nobody here changed the price


def test_conflict_page_shows_what_was_typed_and_the_large_change_is_asked_about_with_it(
    staff: Client, product: Product
) -> None:
    address = f"/admin/shop/product/{product.pk}/change/"
    stale = fields_of(staff, address)
    Product.objects.filter(pk=product.pk).update(price_minor=6995)
    page = BeautifulSoup(staff.post(address, {**stale, "price_minor": "6.99"}).content, "html.parser")
    said = [[cell.text.strip() for cell in row.select("th, td")] for row in page.select(".changed-since tbody tr")]
    assert ["Price", "$59.95", "$69.95", "$6.99"] in said
    assert "from $69.95 to $6.99" in page.select_one(".field-price_minor").text  # type: ignore[union-attr]
    fresh = {**stale, "price_minor": "6.99", "seen": page.select_one("[name=seen]")["value"]}  # type: ignore[index]
    assert staff.post(address, {**fresh, "price_confirmed": "$6.99"}).status_code == 302
    product.refresh_from_db()
    assert str(product.price) == "$6.99"


def fields_of(staff: Client, address: str) -> dict[str, Any]:
    form = BeautifulSoup(staff.get(address).content, "html.parser").select_one("#product_form")
    assert form is not None
    fields: dict[str, Any] = {
        str(each["name"]): str(each.get("value", ""))
        for each in form.select("input[name]:not([type=checkbox]):not([type=submit])")
    }
    fields |= {str(area["name"]): area.text for area in form.select("textarea[name]")}
    fields |= {
        str(s["name"]): str(s.select("option[selected]")[0]["value"])
        for s in form.select("select[name]:has([selected])")
    }
    return fields | {str(each["name"]): "on" for each in form.select("input[type=checkbox][name][checked]")}
