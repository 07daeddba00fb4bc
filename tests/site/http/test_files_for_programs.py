"""robots.txt, sitemap.xml, security.txt and healthz."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from shop.models import Product
from tests import factories


@pytest.fixture
def database_away(db: None) -> Iterator[None]:
    def refuse(*args: object) -> NoReturn:
        raise OperationalError("the server at 10.0.0.5 does not answer")

    with connection.execute_wrapper(refuse):
        yield


def test_robots_are_kept_from_what_is_not_for_them(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"].startswith("text/plain")
    text = response.content.decode()
    for path in ("/admin/", "/checkout/", "/orders/", "/go/", "/affiliates/portal/"):
        assert f"Disallow: {path}\n" in text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in text


def test_the_sitemap_lists_pages_that_open(client: Client, product: Product) -> None:
    factories.product(slug="old", is_active=False)
    response = client.get("/sitemap.xml")
    assert response.headers["Content-Type"].startswith("application/xml")
    addresses = [
        str(place.text) for place in ElementTree.fromstring(response.content).iter() if place.tag[-3:] == "loc"
    ]
    paths = [urlsplit(address).path for address in addresses]
    assert "/products/bps-pro/" in paths
    assert "/products/old/" not in paths
    assert [client.get(path).status_code for path in paths] == [200] * len(paths)


def test_security_txt_says_whom_to_tell(client: Client, clock: time_machine.Traveller) -> None:
    response = client.get("/.well-known/security.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in response.content.decode().strip().splitlines())
    assert {"Contact", "Expires", "Canonical", "Policy"} <= fields.keys()
    expires = datetime.fromisoformat(fields["Expires"])
    assert expires.tzinfo == UTC
    assert timedelta(days=150) < expires - timezone.now() < timedelta(days=365)


def test_security_txt_leads_to_the_policy_for_reporters(client: Client) -> None:
    fields = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines())
    response = client.get(urlsplit(fields["Policy"]).path)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "## Reporting a vulnerability" in response.content.decode()
    assert "## Safe harbor" in response.content.decode()


def test_password_managers_find_the_page_that_changes_the_password(staff: Client) -> None:
    response = staff.get("/.well-known/change-password")
    assert response.status_code == 302
    page = staff.get(response.headers["Location"]).content.decode()
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="new-password"' in page


@pytest.mark.django_db
def test_healthz_is_fine_while_the_database_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.usefixtures("database_away")
def test_healthz_says_when_it_does_not(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "10.0.0.5" not in response.content.decode()
    assert ("aitpro.health.views", logging.ERROR, "the database does not answer") in caplog.record_tuples


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/robots.txt", "/sitemap.xml", "/.well-known/security.txt", "/.well-known/security-policy.txt", "/healthz"],
)
def test_files_for_programs_set_no_cookie(client: Client, address: str) -> None:
    assert not client.get(address).cookies
