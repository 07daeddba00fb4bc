"""Unreadable requests are rejected before a view: encodings, broken forms, malformed numbers."""

from __future__ import annotations

import pytest
from django.test import Client

from contacts.models import Inquiry
from privacy.models import Suppression
from shop.models import Order, Product
from tests import factories
from tests.site.forms.walk.oddities import Request
from tests.site.forms.walk.sending import Server

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
DAVE = b"kind=question&name=Dave&email=dave%40example.org&message=What+would+a+new+site+cost%3F"
PARTS = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nquestion\r\n--b--\r\n'


@pytest.fixture
def visitor() -> Client:
    """A program's browser, which shows a server error as the page that it is."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "latin-1", "utf-7", "idna", "punycode", "rot13", "base64"])
@pytest.mark.parametrize("address", ["/contact/", "/accounts/login/", "/admin/", "/no/such/page/"])
def test_a_form_in_another_encoding_is_refused_in_words(visitor: Client, kind: str, charset: str, address: str) -> None:
    body = PARTS if "multipart" in kind else DAVE
    response = visitor.generic("POST", address, body, content_type=f"{kind}; charset={charset}")
    assert (response.status_code, response.content) == (415, b"Please send this form in UTF-8.\n")
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"UTF-8"', "us-ascii", "no-such-charset", ""])
def test_utf8_arrives_however_it_is_written(visitor: Client, charset: str) -> None:
    response = visitor.generic("POST", "/contact/", DAVE, content_type=f"{FORM}; charset={charset}")
    assert response.status_code == 302
    assert [inquiry.name for inquiry in Inquiry.objects.all()] == ["Dave"]


@pytest.mark.parametrize("charset", ["=utf-16", "=base64", "=idna", "*=utf-8''%00", "*=x'y'z"])
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 415)])
def test_a_query_is_read_whatever_the_body_claims(product: Product, charset: str, method: str, status: int) -> None:
    """Django reads it before any of its error handling begins."""
    request = Request("/contact/", method, "page=%C3%A9", content_type=f"{FORM}; charset{charset}")
    assert Server().send(request).status == status


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", PARTS),
        ("multipart/form-data; boundary=", PARTS),
        (f"multipart/form-data; boundary={'b' * 300}", PARTS),
        (FORM, b"a=1&" * 1001),
    ],
)
def test_a_form_that_cant_be_taken_apart_is_a_bad_request(visitor: Client, kind: str, body: bytes) -> None:
    response = visitor.generic("POST", "/contact/", body, content_type=kind)
    assert response.status_code == 400
    assert "We couldn't read that request" in response.content.decode()
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "?day__year=2147483648",
        "?day__month=13&day__year=2026",
        "?kind=%00",
        "?q=%00",
        "?outcome__exact=%00",
        "?day__year=x",
    ],
)
def test_a_list_asked_for_what_cant_be_never_breaks(staff: Client, query: str) -> None:
    staff.raise_request_exception = False
    assert staff.get(f"/admin/privacy/mailtally/{query}", follow=True).status_code in {200, 400}


@pytest.mark.parametrize("year", ["10000", "99999", "0", "-1", "9" * 5000, "１００００"])
@pytest.mark.parametrize("page", ["affiliates/commission/?created_at", "shop/order/?placed_at", "audit/auditentry/?at"])
def test_a_list_of_a_year_that_no_calendar_has_is_a_bad_request(staff: Client, page: str, year: str) -> None:
    staff.raise_request_exception = False
    assert staff.get(f"/admin/{page}__year=2026").status_code == 200
    assert staff.get(f"/admin/{page}__year={year}", follow=True).status_code == 400


@pytest.mark.parametrize(
    "query", ["last=0001-01-01", "first=0001-01-01", "last=9999-12-31", "last=x", "first=9999-12-31"]
)
def test_the_traffic_of_days_that_never_were(staff: Client, query: str) -> None:
    staff.raise_request_exception = False
    assert staff.get(f"/admin/traffic/domainday/?{query}").status_code == 200
    assert staff.get(f"/admin/traffic/domainday/pages.csv?{query}").status_code == 200


@pytest.mark.parametrize("number", ["x", "", "1", "%00", "00000000-0000-0000-0000-00000000000"])
@pytest.mark.parametrize("action", ["reset_downloads", "delete_selected", "nothing"])
def test_an_action_on_a_number_that_is_none_is_a_bad_request(
    staff: Client, product: Product, action: str, number: str
) -> None:
    staff.raise_request_exception = False
    factories.order(product)
    response = staff.post("/admin/shop/order/", {"action": action, "_selected_action": number})
    assert response.status_code in ({400} if action == "reset_downloads" else {302, 200})
    assert Order.objects.count() == 1


@pytest.mark.parametrize("number", ["x", "", "%00"])
def test_an_action_on_rows_that_have_numbers_takes_nothing_else(staff: Client, number: str) -> None:
    staff.raise_request_exception = False
    data = {"action": "delete_selected", "_selected_action": number}
    assert staff.post("/admin/redirects/redirect/", data).status_code == 400


@pytest.mark.parametrize("model", ["affiliates/rate", "affiliates/affiliate", "privacy/suppression", "shop/product"])
@pytest.mark.parametrize("query", ["affiliate=x", "user=x", "affiliate=%00", "_to_field=", "_to_field=x", "_popup=%00"])
def test_a_form_asked_for_with_a_number_that_is_none_never_breaks(staff: Client, model: str, query: str) -> None:
    staff.raise_request_exception = False
    assert staff.get(f"/admin/{model}/add/?{query}").status_code in {200, 400}
    assert staff.post(f"/admin/{model}/add/", dict([query.split("=")])).status_code in {200, 400}
    assert not Suppression.objects.exists()
