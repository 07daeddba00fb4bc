"""One host: a click on another allowed one leads to it, with its code, before anything is counted or set."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from contacts.models import Inquiry

pytestmark = pytest.mark.usefixtures("product", "alice")


@pytest.fixture
def public(settings: Settings) -> Client:
    """A visitor of https://www.example.com, whose other name is example.com."""
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://www.example.com", ["*"]
    return Client()


def asked_at(client: Client, host: str, address: str = "/go/DEMO/products/bps-pro/?sub=may", **headers: str) -> str:
    """Where another host leads to; empty where the page or link itself is answered."""
    response = client.get(address, headers={"Host": host, **headers})
    assert response.status_code in {200, 302}
    return response.headers.get("Location", "") if "example.com" in response.headers.get("Location", "") else ""


@pytest.mark.parametrize(
    "address", ["/go/DEMO/products/bps-pro/?sub=may", "/?ref=DEMO&a=b", "/go/DEMO", "/static/x.css?v=%C3%A4", "/none"]
)
def test_another_host_leads_to_the_sites_own_with_path_and_query(public: Client, address: str) -> None:
    response = public.get(address, headers={"Host": "example.com"})
    assert (response.status_code, response.headers["Location"]) == (302, f"https://www.example.com{address}")
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies
    assert not Click.objects.exists()


def test_the_click_is_counted_where_it_leads(public: Client, alice: Affiliate) -> None:
    response = public.get("/go/DEMO/", headers={"Host": "example.com"})
    public.get(
        response.headers["Location"].removeprefix("https://www.example.com"), headers={"Host": "www.example.com"}
    )
    assert Click.objects.get().affiliate == alice


@pytest.mark.parametrize(
    "host", ["www.example.com", "WWW.Example.com", "www.example.com:8443", "10.0.0.5", "10.0.0.5:8000", "web:8000",
             "localhost", "127.0.0.1:8000", "[::1]:8000"]
)  # fmt: skip
def test_no_redirect_leads_to_itself_and_internal_names_are_left_alone(public: Client, host: str) -> None:
    assert asked_at(public, "example.com") == "https://www.example.com/go/DEMO/products/bps-pro/?sub=may"
    assert asked_at(public, host) == ""


@pytest.mark.parametrize("port", ["65536", "99999", "0" * 9 + "70000"])
def test_a_port_that_does_not_exist_is_a_bad_request(public: Client, port: str) -> None:
    assert asked_at(public, "example.com:8443") != ""
    for address in ("/", "/go/DEMO/", "/admin/"):
        assert public.get(address, headers={"Host": f"example.com:{port}"}).status_code == 400


def test_a_proxy_that_names_the_visitors_host_apart_makes_no_loop(public: Client) -> None:
    assert asked_at(public, "origin.example.com") != ""
    assert asked_at(public, "origin.example.com", **{"X-Forwarded-Host": "www.example.com"}) == ""
    assert asked_at(public, "origin.example.com", **{"X-Forwarded-Host": "WWW.example.com:443, a.example"}) == ""


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1:8000", "10.0.0.5", "web"])
def test_health_checks_answer_under_every_host_name(public: Client, settings: Settings, host: str) -> None:
    settings.ALLOWED_HOSTS = ["www.example.com"]
    assert public.get("/robots.txt", headers={"Host": host}).status_code == 400
    assert public.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_form_that_was_opened_under_another_name_is_not_lost(public: Client) -> None:
    fields = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "What would a site cost?"}
    response = public.post("/contact/", fields, headers={"Host": "example.com"})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/contact/thanks/")
    assert Inquiry.objects.count() == 1
    assert (
        public.post("/paypal/webhook/", b"{}", "application/json", headers={"Host": "example.com"}).status_code == 400
    )


@pytest.mark.parametrize(
    ("host", "leads_to"), [("localhost:8000", "http://127.0.0.1:8000/?a=b"), ("127.0.0.1:8000", "")]
)
def test_the_demo_opened_as_localhost_goes_on_at_its_address(settings: Settings, host: str, leads_to: str) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    response = Client().get("/?a=b", headers={"Host": host})
    assert response.headers.get("Location", "") == leads_to


def test_a_tunnel_to_the_demo_keeps_its_port(settings: Settings) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    response = Client().get("/services/", headers={"Host": "localhost:9999"})
    assert response.headers["Location"] == "http://127.0.0.1:9999/services/"


def test_a_host_that_is_not_allowed_leads_nowhere(settings: Settings) -> None:
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://www.example.com", ["www.example.com"]
    response = Client().get("/go/DEMO/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Location" not in response.headers
