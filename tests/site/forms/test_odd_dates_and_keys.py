"""A date that no time zone can convert, and a number that names no row, get a message at the field of every form of
staff, with everything else as typed; never an error page."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django import forms
from django.contrib import admin
from django.test import Client

from affiliates.models import Affiliate, Rate
from shop.models import DiscountCode, Product, ShopTerms
from tests.shop.discounts.test_discount_admin import ADD, add, errors_of, form_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

MESSAGE = "Enter a date between the years 1900 and 9998."
LAST, FIRST = ("9999-12-31", "23:59:59"), ("0001-01-01", "00:00:00")
DATES = (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)
ON_THE_SITE = {"/admin/shop/discountcode/add/", "/admin/affiliates/rate/add/", "/admin/clients/agreement/add/"}


def date_fields(page: Any) -> dict[str, forms.Field]:
    """The date fields of a page that adds a row, with those of its inlines."""
    shown = [page.context["adminform"].form]
    shown += [form for each in page.context["inline_admin_formsets"] for form in each.formset.forms]
    fields = {form.add_prefix(name): field for form in shown for name, field in form.fields.items()}
    return {name: field for name, field in fields.items() if isinstance(field, DATES)}


def typed(name: str, field: forms.Field, day: str, hour: str) -> dict[str, str]:
    if isinstance(field, forms.SplitDateTimeField):
        return {f"{name}_0": day, f"{name}_1": hour}
    return {name: f"{day} {hour}" if isinstance(field, forms.DateTimeField) else day}


@pytest.mark.parametrize("moment", [LAST, FIRST])
def test_each_date_of_the_admin_that_can_not_be_is_refused_at_its_field(
    staff: Client, product: Product, moment: tuple[str, str]
) -> None:
    with_dates = set()
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/"
        page = staff.get(address)
        if page.status_code != 200 or "adminform" not in page.context:
            continue
        for name, field in date_fields(page).items():
            with_dates.add(address)
            answer = staff.post(address, {**form_of(page), **typed(name, field, *moment)})
            assert (answer.status_code, MESSAGE in errors_of(answer)) == (200, True), f"{name} at {address}"
            assert f'value="{moment[0]}' in answer.content.decode(), f"{name} at {address}"
    assert with_dates >= ON_THE_SITE


def test_an_offer_that_ends_at_the_end_of_time_is_refused_and_nothing_that_was_typed_is_lost(
    staff: Client, product: Product
) -> None:
    page = add(staff, code="spring10", percent="10", ends_at_0=LAST[0], ends_at_1=LAST[1])
    assert (page.status_code, errors_of(page).strip()) == (200, MESSAGE)
    kept = form_of(page)
    assert (kept["code"], kept["percent"], kept["ends_at_0"], kept["ends_at_1"]) == ("spring10", "10", *LAST)
    assert not DiscountCode.objects.exists()
    assert add(staff, code="spring10", percent="10", ends_at_0="9998-12-31", ends_at_1="23:59").status_code == 302
    assert "9998" in staff.get(f"/admin/shop/discountcode/{DiscountCode.objects.get().pk}/change/").content.decode()


@pytest.mark.parametrize("moment", [LAST, FIRST])
def test_terms_can_not_take_effect_at_the_end_of_time(staff: Client, moment: tuple[str, str]) -> None:
    draft = ShopTerms.objects.filter(effective_from=None).first()
    assert draft is not None
    address = f"/admin/shop/shopterms/{draft.pk}/publish/"
    answer = staff.post(address, {"effective_from_0": moment[0], "effective_from_1": moment[1]})
    assert (answer.status_code, MESSAGE in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("moment", [LAST, FIRST])
def test_no_sale_is_booked_of_the_end_of_time(
    staff: Client, alice: Affiliate, product: Product, moment: tuple[str, str]
) -> None:
    sale = {
        "code": "DEMO",
        "product": str(product.pk),
        "base": "10",
        "currency": "USD",
        "reference": "1",
        "reason": "x",
    }
    answer = staff.post("/admin/affiliates/adjustment/sale/", {**sale, "sold_on": moment[0]})
    assert (answer.status_code, MESSAGE in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("key", ["x", "12", "0" * 31, "00000000-0000-0000-0000-000000000000"])
def test_a_number_that_names_no_row_is_refused_at_its_field(staff: Client, product: Product, key: str) -> None:
    page = add(staff, code="spring10", percent="10", **{"of_affiliate-0-affiliate": key, "products-0-product": key})
    assert page.status_code == 200
    errors = BeautifulSoup(page.content, "html.parser").select("td .errorlist")
    assert len(errors) == 2, errors_of(page)
    assert form_of(page)["code"] == "spring10"
    rate = "/admin/affiliates/rate/add/"
    page = staff.post(rate, {**form_of(staff.get(rate)), "affiliate": key})
    assert page.status_code == 200
    assert BeautifulSoup(page.content, "html.parser").select(".field-affiliate .errorlist")
    assert not DiscountCode.objects.exists() and not Rate.objects.exists()


@pytest.mark.parametrize("key", ["x", "%00"])
def test_a_page_that_is_asked_to_choose_what_is_no_row_opens_without_it(staff: Client, key: str) -> None:
    assert staff.get(f"/admin/affiliates/rate/add/?affiliate={key}").status_code == 200
    assert staff.get(f"{ADD}?code={key}").status_code == 200
