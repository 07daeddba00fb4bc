"""Public pages are compressed; no page whose length could tell a secret (BREACH) is."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from shop.models import Product
from tests import factories
from tests.site.pages import FORMS, MISSING, READING

pytestmark = pytest.mark.usefixtures("product", "alice")


@pytest.fixture
def stranger() -> Client:
    return Client(headers={"Accept-Encoding": "gzip, deflate, br"})


@pytest.mark.parametrize("address", READING)
def test_a_reader_gets_the_page_compressed(stranger: Client, address: str) -> None:
    response = stranger.get(address)
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(response.content).decode() == Client().get(address).content.decode()


def test_the_same_page_has_different_lengths(stranger: Client) -> None:
    assert len({len(stranger.get("/about/").content) for _ in range(20)}) > 1


@pytest.mark.parametrize("address", FORMS)
def test_a_page_with_a_form_token_is_not_compressed(stranger: Client, address: str) -> None:
    for _ in ("first visit", "with the cookie"):
        response = stranger.get(address)
        assert "csrfmiddlewaretoken" in response.content.decode()
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("address", READING + MISSING)
def test_nothing_is_compressed_for_somebody_with_a_cookie(stranger: Client, address: str) -> None:
    stranger.cookies["anything"] = "of theirs"
    assert "Content-Encoding" not in stranger.get(address).headers


def test_an_order_page_is_not_compressed(stranger: Client, product: Product) -> None:
    response = stranger.get(factories.order(product).get_absolute_url())
    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers
