"""Somebody has a copy of both databases and of no key: every value in them is tried at every door of the site.

The doors are the addresses of the resolver that take a value, the two ways back from PayPal, and the cookies.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls.converters import IntConverter, UUIDConverter
from django.utils import timezone

from accounts.models import User
from accounts.passwords.link import send_password_link
from affiliates.models import Affiliate, Application, Click, PayoutEmailChange
from affiliates.tracking.referral_cookie import COOKIE, Token
from contacts.models import Document, Inquiry
from privacy.consent.preference_links import preferences_token
from privacy.encryption.tokens import generate_token, hash_token
from privacy.models import AccessArchive, PrivacyRequest
from privacy.web.rate_limits import has_room
from shop.checkout.checkout_cookie import COOKIE as CHECKOUT_COOKIE
from shop.delivery.downloads import download_link
from shop.models import Order, Product
from shop.models.delivery import License
from tests import factories
from tests.privacy.world import everything_about
from tests.quiet import quiet_logs
from tests.samples import some_of
from tests.shop.paypal_fixtures import paypal_down  # noqa: F401  (a fixture)

EMAIL, NAME, PHONE, PAYPAL_ORDER = "quagga@example.org", "Quagga", "+18055550142", "5O190127TN364715T"
INTERNAL = {"sqlite_sequence", "sqlite_stat1", "django_migrations", "django_content_type", "auth_permission"}
PUBLIC = {
    "go",
    "go_to",
    "product",
    "checkout",
    "version",
    "creative_image",
}  # anyone who knows the value may see the page
BEHIND_A_SIGN_IN = ("admin/", "affiliates/portal/")


class Stolen:
    """The person's rows, the links that really open them, and what a thief has instead."""

    def __init__(self, product: Product, alice: Affiliate) -> None:
        everything_about(EMAIL, name=NAME, product=product, brought_by=alice)
        self.order = Order.objects.get(email_index=EMAIL)
        self.release = factories.release(product)
        self.cookie = self._cookie(alice)
        self.user = User.objects.get(email_index=EMAIL)
        self.links = {**self._orders(), **self._requests(), **self._others(), **self._mailed()}
        self.secrets = (EMAIL, NAME, PHONE, License.objects.get(order=self.order).key)

    def _orders(self) -> dict[str, str]:
        self.order.state, self.order.paid_at = Order.State.PAID, timezone.now()
        self.order.save()
        payment = self.order.payments.get()
        payment.state, payment.paypal_order_id = "paid", PAYPAL_ORDER
        payment.capture_id, payment.approve_url = "3C679366HH908993F", f"https://paypal.example/?token={PAYPAL_ORDER}"
        payment.save()
        factories.dispute(payment)
        return {
            "order": self.order.get_absolute_url(),
            "download": download_link(order=self.order, file=self.release),
        }

    def _requests(self) -> dict[str, str]:
        tomorrow, token = timezone.now() + timedelta(days=1), generate_token()
        request = PrivacyRequest.objects.get(email_index=EMAIL)
        request.kind, request.state = "access", "unconfirmed"
        request.link_digest, request.link_expires_at, request.keep_until = hash_token(token), tomorrow, tomorrow
        request.save()
        other = PrivacyRequest.objects.create(
            email=EMAIL,
            kind="correction",
            state="confirmed",
            keep_until=tomorrow,
            correction_digest=hash_token(token),
            correction_expires_at=tomorrow,
        )
        AccessArchive._base_manager.update(link_digest=hash_token(token), expires_at=tomorrow)
        assert other.pk
        return {
            "confirm": f"/privacy/request/{token}/",
            "correct": f"/privacy/correct/{token}/",
            "archive": f"/privacy/archive/{token}/",
            "archive_download": f"/privacy/archive/{token}/download/",
            "choices": f"/privacy/choices/{preferences_token(EMAIL, now=timezone.now())}/",
        }

    def _others(self) -> dict[str, str]:
        tomorrow, token = timezone.now() + timedelta(days=1), generate_token()
        Inquiry.objects.update(reference="Q-ABC234")
        Document.objects.update(link_digest=hash_token(token), link_expires_at=tomorrow)
        Application.objects.filter(email_index=EMAIL).update(
            state="unconfirmed", link_digest=hash_token(token), link_expires_at=tomorrow
        )
        PayoutEmailChange.objects.update(stop_digest=hash_token(token), takes_effect_at=tomorrow)
        return {
            "document": f"/contact/documents/{token}/",
            "confirm_application": f"/affiliates/apply/confirm/{token}/",
            "stop_payout_email": f"/affiliates/payout-address/{token}/",
        }

    def _mailed(self) -> dict[str, str]:
        """What only the text of a queued mail tells."""
        has_room("contact", "203.0.113.77", slots=5, now=timezone.now())
        send_password_link(self.user)
        return {}

    def _cookie(self, alice: Affiliate) -> str:
        click = Click.objects.latest("clicked_at")
        sealed = Token(click.pk, alice.pk, click.clicked_at).sealed
        Click.objects.filter(pk=click.pk).update(cookie_digest=hash_token(sealed))
        return sealed


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet_logs():  # two lines for each of thirty thousand refusals
        yield


@pytest.fixture
def stolen(product: Product, alice: Affiliate, paypal_down: None) -> Stolen:  # noqa: F811
    return Stolen(product, alice)


def tables() -> Iterator[tuple[str, str]]:
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in sorted({*connections[alias].introspection.table_names(cursor)} - INTERNAL):
                yield alias, table


def rows(alias: str, table: str) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
        return sorted(cursor.fetchall(), key=repr)


def content() -> dict[str, list[tuple[Any, ...]]]:
    """Everything, but what counts attempts."""
    return {table: rows(alias, table) for alias, table in tables() if table != "privacy_limits"}


def values() -> set[str]:
    """Every value that could be a key: as it stands, in hexadecimal digits and in base64, and words of texts."""
    found: set[str] = set()
    for alias, table in tables():
        for row in rows(alias, table):
            for value in row:
                found.update(_forms(value))
    return {value for value in found if 8 <= len(value) <= 300 and not re.search(r"\s", value)}


def _forms(value: Any) -> Iterator[str]:
    if isinstance(value, (bytes, memoryview)):
        raw = bytes(value)
        yield raw.hex()
        yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    elif isinstance(value, UUID):
        yield from (str(value), value.hex)
    elif isinstance(value, (dict, list)):
        yield from _forms(json.dumps(value))
    elif isinstance(value, str):
        yield value[:300]
        yield from re.findall(r"[A-Za-z0-9_:.=-]{16,}", value)
        if re.fullmatch(r"[0-9a-f]{32}", value):
            yield str(UUID(value))


def doors(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each address that takes a value: `privacy/request/<str:token>/`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from doors(pattern.url_patterns, route)
        elif "<" in route and not route.startswith(BEHIND_A_SIGN_IN) and pattern.name not in PUBLIC:
            yield route, pattern


def paths(route: str, pattern: URLPattern, stolen: Stolen, tried: set[str]) -> Iterator[str]:
    """The address with each value in each place; the other places hold what really belongs there."""
    really = {"file_id": str(stolen.release.pk), "purpose": "order", "uidb64": _uid(stolen.user), "token": "x"}
    converters = pattern.pattern.converters
    for place, converter in converters.items():
        for value in tried:
            if isinstance(converter, (UUIDConverter, IntConverter)) and not re.fullmatch(converter.regex, value):
                continue
            filled = {**{name: really.get(name, "x") for name in converters}, place: value}
            yield "/" + re.sub(
                r"<(?:\w+:)?(\w+)>",
                lambda found, filled=filled: quote(filled[found.group(1)], safe=""),  # type: ignore[misc]
                route,
            )


def _uid(user: User) -> str:
    return base64.urlsafe_b64encode(str(user.pk).encode()).decode().rstrip("=")


def told(response: Any, stolen: Stolen, asked: str) -> list[str]:
    """What a page says of the person that was not in its own address."""
    said = b"".join(response) if response.streaming else response.content
    if getattr(response, "file_to_stream", None):
        response.file_to_stream.close()
    return [secret for secret in stolen.secrets if secret.encode() in said and secret not in asked]


def test_the_real_links_open_the_pages(stolen: Stolen, client: Client) -> None:
    for name, link in stolen.links.items():
        response = client.get(link)
        assert response.status_code == 200, name
        assert set(told(response, stolen, link)) <= {NAME, EMAIL, PHONE, stolen.secrets[-1]}
    page = client.get(stolen.links["order"])
    assert told(page, stolen, "") == [stolen.secrets[-1]]
    assert told(client.get(stolen.links["archive_download"]), stolen, "") == [NAME]
    client.cookies[COOKIE] = stolen.cookie
    assert f"{NAME} was here" in client.get("/privacy/referral/").content.decode()


def test_every_kind_of_door_is_tried() -> None:
    names = {pattern.name for _, pattern in doors()}
    assert {
        *("order", "pay", "prepare_download", "download", "thanks", "document", "choices", "one_click", "confirm"),
        *("correct", "archive", "archive_download", "confirm_application", "stop_payout_email", "password_set"),
    } <= names


@pytest.mark.slow
@pytest.mark.one_database
def test_no_value_opens_a_page_or_does_anything(stolen: Stolen, client: Client) -> None:
    """Each door with other values, and with all of them in a long run."""
    tried, before = values(), content()
    assert len(tried) > 300
    assert {str(stolen.order.pk), stolen.order.reference, PAYPAL_ORDER} <= tried
    for route, pattern in doors():
        for path in some_of(paths(route, pattern, stolen, tried), 100):
            for method in (client.get, client.post):
                response = method(path)
                assert response.status_code in {200, 302, 401, 403, 404, 405, 410}, path
                assert told(response, stolen, path) == [], path
        assert content() == before, route
    assert mail.outbox == []


def test_paypals_numbers_lead_to_no_order(stolen: Stolen, client: Client) -> None:
    for value in values():
        for way_back in ("/checkout/return/", "/checkout/cancelled/"):
            response = client.get(way_back, {"token": value})
            assert response.status_code in {200, 404}
            assert told(response, stolen, value) == []
            assert stolen.order.link_token not in response.content.decode()


def test_no_value_is_a_cookie(stolen: Stolen, client: Client) -> None:
    for value in values():
        if not re.fullmatch(r"[\w.:=/+-]+", value, re.ASCII):
            continue
        client.cookies[COOKIE] = client.cookies[CHECKOUT_COOKIE] = value
        assert told(client.get("/privacy/referral/"), stolen, "") == [], value
        assert client.get("/checkout/cancelled/", {"token": PAYPAL_ORDER}).status_code == 200, value


def test_no_value_is_a_session(stolen: Stolen, staff: Client) -> None:
    Client().force_login(stolen.user)
    assert staff.get("/admin/").status_code == 200
    thief = Client()
    for value in values():
        if not re.fullmatch(r"[\w.:=/+-]+", value, re.ASCII):
            continue
        thief.cookies["sessionid"] = value
        assert thief.get("/accounts/").status_code == 302, value
        assert thief.get("/accounts/").headers["Location"].startswith("/accounts/login/"), value
