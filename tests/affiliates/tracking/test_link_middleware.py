"""A link is answered before the page middleware, but after the HTTPS redirect and with the standard headers."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from affiliates.models import Affiliate, Click
from tests.cast import signed_in

POLICY = "Content-Security-Policy"


@pytest.fixture(autouse=True)
def _cast(clock: object, alice: Affiliate) -> None:
    """Noon, and Alice."""


def test_link_response_has_standard_headers(client: Client) -> None:
    headers = client.get("/go/DEMO/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Content-Length"] == "0"


def test_link_response_has_strictest_content_policy(client: Client) -> None:
    assert "style-src 'self'" in client.get("/affiliates/").headers[POLICY]
    assert client.get("/go/DEMO/").headers[POLICY].startswith("default-src 'none'")
    assert "style-src" not in client.get("/go/DEMO/").headers[POLICY]


def test_link_reads_no_session(alice: Affiliate, bob: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Whoever is signed in, a click asks whose code it is and whether the purge runs, and is stored."""
    client = signed_in(bob)
    with django_assert_num_queries(3):
        client.get("/go/DEMO/")
    assert Click.objects.count() == 1


def test_https_redirect_precedes_link(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get("/go/DEMO/")
    assert response.headers["Location"] == "https://testserver/go/DEMO/"
    assert not Click.objects.exists()


@pytest.mark.parametrize("path", ["/go/", "/go//", "/goods/"])
def test_invalid_link_path_is_not_found(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert POLICY in response.headers


def test_form_post_to_link_is_refused(client: Client) -> None:
    assert client.post("/go/DEMO/").status_code == 405
    assert not Click.objects.exists()
