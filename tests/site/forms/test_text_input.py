"""One rule for text input in every form of the site and its admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django import forms
from django.contrib.admin import site as admin_site
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.urls import get_resolver

from accounts.models import User
from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.registry.declarations import personal_models
from privacy.requests.correction import CorrectableValue
from privacy.requests.forms import correction_field
from privacy.web.text_validation import validate_lines, validate_one_line
from shop.models import Product
from tests.affiliates.sales import sale
from tests.own_apps import OWN_APPS

pytestmark = pytest.mark.django_db

TURNED = "Carol\u202egnp.exe"
ONE_LINE = [
    "Dave\r\nBcc: everybody@example.org",
    "Dave\tDorn",
    "Dave\x1b[2J",
    "Dave\x85Dorn",
    "Dave\u2028Dorn",
    "Dave\u2029Dorn",
    TURNED,
    "Dave\u2066x\u2069",
    "Dave\u2067x",
    "Dave\u200bDorn",
    "\u3164",
    "Dave\ufeff",
    "Dave\U000e0041",
    "Dave\ud800",
]
NAMES = ["José Ñúñez-O'Brien", "عائشة بنت محمد", "שרה לוי\u200f", "می‌خواهم", "👩‍💻 Zoë", "山田太郎", "क्‍ष"]


@pytest.mark.parametrize("text", ONE_LINE)
def test_a_line_holds_nothing_that_is_not_seen(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_one_line(text)


@pytest.mark.parametrize("text", NAMES)
def test_a_name_in_any_script_is_taken(text: str) -> None:
    validate_one_line(text)
    validate_lines(text)


@pytest.mark.parametrize("text", ["a\x07b", "a\u2028b", TURNED, "a\u202db", "a\ud800"])
def test_lines_hold_no_control_character_and_turn_no_text_around(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_lines(text)


@pytest.mark.parametrize(
    ("pasted", "stored"),
    [
        ("one\r\ntwo", "one\ntwo"),
        ("one\rtwo", "one\ntwo"),
        ("one\vtwo\ftwo and a half", "one\ntwo\ntwo and a half"),
        ("one\x85two\u2028three\u2029", "one\ntwo\nthree"),
        ("\ufeffone\tand\u200btwo", "one\tand\u200btwo"),
    ],
)
def test_line_breaks_of_a_pdf_are_kept_as_line_breaks(pasted: str, stored: str) -> None:
    assert forms.CharField(widget=forms.Textarea).clean(pasted) == stored


@pytest.mark.parametrize(
    "pasted",
    ["Dave\tDorn", "Dave\vDorn", "Dave\fDorn", "Dave\x85Dorn", "Dave\u2028Dorn\u2029", "\ufeffDa\u00adve D\u200born"],
)
def test_a_name_pasted_from_a_pdf_is_cleaned(pasted: str) -> None:
    assert forms.CharField().clean(pasted) == "Dave Dorn"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (forms.CharField(), "Dave\x1b[2J", "U+001B at character 5"),
        (forms.CharField(), "Dave\u3164", "hangul filler (U+3164) at character 5"),
        (forms.CharField(), TURNED, "right-to-left override (U+202E) at character 6"),
        (forms.CharField(widget=forms.Textarea), "one\r\ntwo\x07", "U+0007 at line 2, character 4"),
        (
            forms.CharField(widget=forms.Textarea),
            "one\n\ntw\u202do",
            "left-to-right override (U+202D) at line 3, character 3",
        ),
        (forms.CharField(widget=forms.Textarea), "one\x00", "Null characters are not allowed: U+0000 at character 4"),
    ],
)
def test_a_refused_character_is_named_with_its_place(field: forms.CharField, typed: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field.clean(typed)
    assert said in caught.value.messages[0]


def test_a_message_that_the_browser_lets_through_is_not_too_long_here(client: Client) -> None:
    """A browser counts a line break as one character and sends it as two."""
    page = BeautifulSoup(client.get("/contact/").content, "html.parser")
    limit = int(str(page.select_one("textarea[name=message]")["maxlength"]))  # type: ignore[index]
    lines = "\r\n".join(["x"] * (limit // 2))
    form = {"name": "Dave", "email": "dave@example.org", "kind": "question", "message": lines}
    assert len(lines) > limit
    assert client.post("/contact/", form).status_code == 302
    assert Inquiry.objects.get().message == lines.replace("\r\n", "\n")


def test_every_text_field_of_every_form_is_cleaned() -> None:
    fields = [field for form in site_forms().values() for field in text_fields(form).values()]
    texts = [field for field in fields if isinstance(field.widget, forms.Textarea)]
    assert len(texts) > 15
    assert [field for field in texts if field.to_python("one\r\ntwo\u2028three") != "one\ntwo\nthree"] == []


def test_a_reason_typed_beside_an_action_asks_the_rule(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    data = {"action": "reject", "_selected_action": [str(commission.pk)], "reason": TURNED, "confirmed": "yes"}
    page = staff.post("/admin/affiliates/commission/", data, follow=True).content.decode()
    assert "right-to-left override (U+202E)" in page
    commission.refresh_from_db()
    assert commission.state == "pending"
    staff.post("/admin/affiliates/commission/", {**data, "reason": "Not a sale."})
    commission.refresh_from_db()
    assert commission.state == "rejected"


def test_lines_hold_what_a_letter_does() -> None:
    validate_lines("Dear all,\r\n\tone \u2067שרה\u2069 wrote\u200b:\n\nhello")


def all_forms(base: type[Any] = forms.BaseForm) -> Iterator[type[Any]]:
    for form in base.__subclasses__():
        yield form
        yield from all_forms(form)


def site_forms() -> dict[str, type[Any]]:
    """Every form of the site's own code, and every form that the admin makes of a model."""
    _ = get_resolver().url_patterns  # loads the views with their forms
    request = RequestFactory().get("/admin/")
    request.user = User(is_staff=True, is_superuser=True)
    made = {
        f"admin:{model._meta.label}": admin.get_form(request, fields=forms.ALL_FIELDS)
        for model, admin in admin_site._registry.items()
    }
    own = {
        f"{form.__module__}.{form.__qualname__}": form
        for form in all_forms()
        if hasattr(form, "base_fields")  # a mixin has none
        and form.__module__.split(".")[0] in OWN_APPS
    }
    return own | made


def text_fields(form: type[Any]) -> dict[str, forms.Field]:
    texts = {name: field for name, field in form.base_fields.items() if isinstance(field, forms.CharField)}
    return {name: field for name, field in texts.items() if not isinstance(field, forms.JSONField)}


def refuses(field: forms.Field, text: str) -> bool:
    try:
        field.run_validators(text)
    except ValidationError:
        return True
    return False


def test_every_text_field_of_every_form_asks_the_rule() -> None:
    """Found by walking through all forms there are, so that a new one is asked as well."""
    fields = {
        f"{where}.{name}": field
        for where, form in site_forms().items()
        for name, field in text_fields(form).items()
        if not isinstance(field.widget, forms.PasswordInput)
    }
    assert len(fields) > 60
    assert {"shop.checkout.forms.CheckoutForm.name", "admin:shop.Product.name", "admin:auth.Group.name"} <= set(fields)
    assert [name for name, field in fields.items() if not refuses(field, TURNED)] == []
    lines = {name for name, field in fields.items() if isinstance(field.widget, forms.Textarea)}
    assert [name for name in fields.keys() - lines if not refuses(fields[name], "one\ntwo")] == []


def test_every_value_that_a_person_may_correct_asks_the_rule() -> None:
    values = [
        CorrectableValue(declaration=declaration, row=declaration.model(), name=name, autocomplete=token)
        for declaration in personal_models()
        for name, token in declaration.correctable.items()
    ]
    assert values
    for value in values:
        with pytest.raises(ValidationError):
            correction_field(value).clean(TURNED)


def test_a_password_may_hold_anything(client: Client, alice: Affiliate) -> None:
    alice.user.set_password("a\tsecret\u202e")
    alice.user.save()
    answer = client.post("/accounts/login/", {"email": "alice@example.com", "password": "a\tsecret\u202e"})
    assert answer.status_code == 302


def test_the_search_of_the_admin_survives_it(staff: Client, product: Product) -> None:
    assert staff.get("/admin/shop/order/", {"q": TURNED}).status_code == 200


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/", "/affiliates/apply/link/"])
def test_an_address_is_a_line_as_well(client: Client, path: str) -> None:
    page = client.post(path, {"email": "carol@exa\u202emple.org", "password": "x"})
    assert page.status_code == 200
    assert "carol@exa\u202emple.org" in page.content.decode()


def test_staff_are_told_and_keep_what_they_typed(staff: Client, product: Product) -> None:
    page = staff.post(f"/admin/shop/product/{product.pk}/change/", {"name": TURNED, "slug": "bps-pro"}).content.decode()
    assert "reverse the text direction" in page
    assert TURNED in page


@pytest.mark.parametrize("field", [forms.CharField(), forms.CharField(widget=forms.Textarea), forms.EmailField()])
def test_no_field_of_any_form_takes_the_number_of_a_card(field: forms.Field) -> None:
    typed = "4111111111111111@example.org" if isinstance(field, forms.EmailField) else "It is 4111 1111 1111 1111"
    with pytest.raises(ValidationError, match="payment card number"):
        field.clean(typed)


def test_a_password_may_be_any_digits() -> None:
    assert forms.CharField(widget=forms.PasswordInput).clean("4111111111111111") == "4111111111111111"
