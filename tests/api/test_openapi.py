"""The OpenAPI document: the committed file is what the code says, and each answer is what the document says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse

from accounts.models import User
from affiliates.models import Affiliate
from affiliates.payouts.runs import prepare_payout
from api.documentation.openapi import document, published_document
from api.endpoints.all import ENDPOINTS, OWN
from api.scopes import PERMISSIONS
from shop.models import Product
from tests.affiliates.sales import approved_sale, refund, sale

from .programs import ask, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

FILE = Path(settings.BASE_DIR, "docs", "openapi.json")


def test_the_committed_document_is_what_the_endpoints_declare() -> None:
    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("WRITE_DOCS"):
        FILE.write_text(text)
    assert FILE.read_text() == text, f"WRITE_DOCS=1 python -m pytest {Path(__file__).name}"


def test_the_published_document_has_the_address_of_this_site() -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.json() == published_document()
    assert response.json()["servers"] == [{"url": f"{settings.SITE_URL}/api/v1"}]
    assert "public" in response.headers["Cache-Control"]


@pytest.fixture
def everything(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    sale(alice, product, campaign="newsletter")
    refund(approved_sale(alice, product, "20.00"), "20.00")


def check(response: Any) -> None:
    """Raises an error of openapi-core if the answer isn't as documented."""
    specification = {**document(), "servers": [{"url": "http://testserver/api/v1"}]}
    asked = DjangoOpenAPIRequest(response.wsgi_request)
    OpenAPI.from_dict(specification).validate_response(asked, DjangoOpenAPIResponse(response))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_answers_and_errors_are_as_documented(everything: None, alice: Affiliate, bob: User, endpoint: Any) -> None:
    token = token_of(alice.user) if endpoint in OWN else token_of(bob, *PERMISSIONS)
    found = ask(endpoint.path, token)
    assert found.json()["data"]
    for response, status in (
        (found, 200),
        (ask(endpoint.path, token, **{"If-None-Match": found.headers["ETag"]}), 304),
        (ask(endpoint.path, token, {"x": "1"}), 400),
        (ask(endpoint.path), 401),
        (ask(endpoint.path, token_of(bob if endpoint in OWN else alice.user, endpoint.scope)), 403),
    ):
        assert response.status_code == status
        check(response)


def test_the_page_describes_each_endpoint_parameter_and_field_without_any_script() -> None:
    response = Client().get("/api/v1/")
    page = BeautifulSoup(response.content, "html.parser")
    words = page.main.get_text(" ") if page.main else ""
    for endpoint in ENDPOINTS:
        assert page.find(id=endpoint.name), endpoint.name
        for name in (f"/api/v1/{endpoint.path}", endpoint.scope.value, *endpoint.answers.__dataclass_fields__):
            assert name in words, name
        assert all(parameter.name in words for parameter in endpoint.parameters)
    assert not page.main or not page.main.find("script")
    assert not response.cookies
