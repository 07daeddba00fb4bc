"""Rules for every request and response: pages, files, redirects and errors."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings as live_settings
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.encryption.keys import RootKey
from tests.site.pages import FORMS, MISSING, READING

pytestmark = pytest.mark.usefixtures("product", "alice")

DAVE = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "What would a new site cost?"}
HEADERS = [
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
]


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Client:
    """A visitor of a site with a stylesheet and an image among its static files. Read to the end, or they stay open."""
    (tmp_path / "site.css").write_text("p { color: black }")
    (tmp_path / "image.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    settings.STATIC_ROOT = tmp_path
    return Client()


@pytest.fixture
def https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1/32")]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


FILES = ["/static/site.css", "/static/image.svg"]
REDIRECTS = ["/go/DEMO/", "/admin/", "/contact", "/favicon.ico"]
PROGRAMS = ["/healthz", "/robots.txt", "/sitemap.xml", "/.well-known/security.txt", "/privacy/evidence.json"]


@pytest.mark.parametrize("address", READING + FORMS + MISSING + FILES + REDIRECTS + PROGRAMS)
def test_every_response_has_the_security_headers(files: Client, address: str) -> None:
    response = files.get(address)
    response.getvalue()
    assert response.status_code in {200, 301, 302, 404}
    assert [name for name in HEADERS if name not in response.headers] == []
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers
    for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in response.headers["Content-Security-Policy"]


def test_every_text_response_declares_utf8(files: Client) -> None:
    for address in READING + FORMS + MISSING + FILES + PROGRAMS:
        response = files.get(address)
        response.getvalue()
        kind = response.headers["Content-Type"]
        defined = {"application/json", "application/xml", "image/svg+xml"}  # UTF-8 by themselves
        assert kind.split(";")[0] in defined or "charset=utf-8" in kind.replace('"', ""), address


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "GETS"])
def test_unsupported_methods_get_405(client: Client, method: str) -> None:
    for address in ("/", "/healthz", "/contact/", "/admin/", "/paypal/webhook/", "/go/DEMO/"):
        response = client.generic(method, address, b"echo me", headers={"X-Secret": "echo me"})
        assert response.status_code == 405
        assert "POST" in response.headers["Allow"]
        assert b"echo me" not in response.content
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("address", ["/contact/", "/accounts/login/", "/paypal/webhook/"])
def test_post_over_http_is_refused_not_redirected(client: Client, address: str) -> None:
    response = client.post(address, DAVE)
    assert response.status_code == 403
    assert "Location" not in response.headers
    assert not Inquiry.objects.exists()


@pytest.mark.usefixtures("https")
def test_get_over_http_is_redirected(client: Client) -> None:
    response = client.get("/contact/")
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/contact/")


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize(
    ("peer", "status"), [("127.0.0.1", 200), ("::ffff:127.0.0.1", 200), ("", 200), ("198.51.100.9", 403)]
)
@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http", "Https,HTTP"])
def test_forwarded_proto_counts_only_from_a_trusted_proxy(client: Client, peer: str, status: int, proto: str) -> None:
    """A Unix socket has no address, and only the proxy reaches it."""
    response = client.get("/services/", REMOTE_ADDR=peer, headers={"X-Forwarded-Proto": proto})
    assert response.status_code == status


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("proto", ["http", "http, https", "", "ftp"])
def test_a_visitor_whom_the_proxy_met_over_http_is_sent_to_https(client: Client, proto: str) -> None:
    response = client.get("/services/?page=2", headers={"X-Forwarded-Proto": proto})
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/services/?page=2")


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize(
    ("peer", "named"),
    [
        ("172.17.0.1", "in 172.16.0.0/12"),
        ("fd00::7", "in fc00::/7"),
        ("93.184.216.34", "with a public address"),
        ("198.18.0.7", "with a public address"),
    ],
)
def test_https_behind_an_unknown_proxy_says_what_to_set_and_never_leads_to_itself(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, peer: str, named: str
) -> None:
    monkeypatch.setattr("aitpro.http.trusted_proxies._told", set())
    for proto in ("https", "HTTPS", "https,http"):
        headers = {"X-Forwarded-Proto": proto, "X-Forwarded-For": "203.0.113.77"}
        response = client.get("/services/?page=2", REMOTE_ADDR=peer, headers=headers)
        assert response.status_code == 403
        assert "TRUSTED_PROXIES" in response.content.decode()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    lines = [record.getMessage() for record in caplog.records if "TRUSTED_PROXIES" in record.getMessage()]
    assert lines == [f"a server {named} forwards requests and is not in TRUSTED_PROXIES: its headers do not count"]


@pytest.mark.usefixtures("https")
def test_an_unknown_proxy_still_learns_that_the_site_is_alive(client: Client) -> None:
    response = client.get("/healthz", REMOTE_ADDR="172.17.0.1", headers={"X-Forwarded-Proto": "https"})
    assert response.status_code == 200


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every address of the site as it is written in urls.py."""
    for pattern in patterns:
        written = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, written)
        elif isinstance(pattern, URLPattern):
            yield "/" + written


ADDRESSES = list(addresses(get_resolver().url_patterns))
BEHIND_KEYS = [address for address in ADDRESSES if "token>" in address]


def test_token_urls_are_found() -> None:
    assert {"/privacy/archive/<str:token>/", "/orders/<str:link_token>/"} <= set(BEHIND_KEYS)


@pytest.mark.parametrize("address", BEHIND_KEYS)
def test_pages_behind_a_token_are_never_cached(client: Client, address: str) -> None:
    values = {
        "token": "x" * 43,
        "link_token": "x" * 43,
        "file_id": str(uuid4()),
        "uidb64": "abc",
        "purpose": "order",
        "kind": "access",
    }
    response = client.get(re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], address))
    assert response.status_code in {200, 302, 404, 405, 410}
    assert response.resolver_match is not None, "the values above don't fit this address"
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


STAFF = [a for a in ADDRESSES if a.startswith("/admin/") and not {"<", "("} & set(a) and "logout" not in a]


def cacheable(client: Client, addresses: list[str]) -> list[str]:
    """Those that a browser or a proxy may cache."""
    return [each for each in addresses if "no-store" not in client.get(each).headers.get("Cache-Control", "")]


def test_staff_pages_are_never_cached(staff: Client) -> None:
    assert len(STAFF) > 50
    assert cacheable(staff, ["/accounts/", *STAFF]) == []


def test_portal_pages_are_never_cached(client: Client, alice: Affiliate) -> None:
    portal = [each for each in ADDRESSES if each.startswith("/affiliates/portal/") and "<" not in each]
    assert len(portal) > 10
    client.force_login(alice.user)
    assert cacheable(client, portal) == []


def test_public_pages_may_be_cached(client: Client) -> None:
    own = {"/privacy/referral/"}  # depends on the visitor
    assert cacheable(client, READING) == [each for each in READING if each not in own]


def test_signing_out_clears_the_browser(staff: Client) -> None:
    assert "Clear-Site-Data" not in staff.get("/admin/").headers
    response = staff.post("/accounts/logout/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_an_expired_session_clears_the_browser(client: Client, bob: User) -> None:
    client.force_login(bob)
    client.session.flush()
    assert client.get("/admin/").headers["Clear-Site-Data"] == '"cache", "storage"'


def test_session_and_csrf_cookies_meet_the_host_prefix(settings: Settings) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client(enforce_csrf_checks=True)
    page = client.get("/accounts/login/", secure=True)
    fields = {"email": "alice@example.com", "password": "correct horse battery"}
    fields["csrfmiddlewaretoken"] = page.context["csrf_token"]
    answer = client.post("/accounts/login/", fields, secure=True, headers={"Referer": "https://testserver/"})
    cookies = {**page.cookies, **answer.cookies}
    for name in ("__Host-sessionid", "__Host-csrftoken"):  # what the prefix demands, or browsers drop the cookie
        cookie = cookies[name]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_policy_lists_session_and_csrf_cookies_by_their_real_names(client: Client, settings: Settings) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    page = client.get("/privacy/").content.decode()
    assert "<code>__Host-sessionid</code>" in page
    assert "<code>__Host-csrftoken</code>" in page
    assert "<code>sessionid</code>" not in page


@pytest.mark.slow
def test_https_settings_enable_hsts_for_a_year() -> None:
    program = """
import django, json
django.setup()
from django.test import Client
headers = Client().get("/robots.txt", secure=True, headers={"Host": "www.example.com"}).headers
from django.conf import settings as s
print(json.dumps([headers["Strict-Transport-Security"], s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME]))
"""
    key = RootKey(b"test", b"k" * 32).written_out()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": "/nonexistent", "DJANGO_SETTINGS_MODULE": "aitpro.settings"}
    environment |= {"SECRET_KEY": "x" * 50, "ENCRYPTION_KEYS": key, "SITE_URL": "https://www.example.com"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=Path(live_settings.BASE_DIR),
        env={**environment, "TRAFFIC_COUNTED": "no"},
        capture_output=True,
        text=True,
        check=True,
    )
    hsts, *names = json.loads(done.stdout)
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert names == ["__Host-sessionid", "__Host-csrftoken"]


TOO_MUCH = {
    "fields": {**DAVE, **{f"field{number}": "1" for number in range(1001)}},
    "bytes": {**DAVE, "message": "x" * 2_700_000},
}


@pytest.mark.parametrize("fields", TOO_MUCH.values(), ids=TOO_MUCH)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", MULTIPART_CONTENT])
def test_oversized_form_is_refused(client: Client, fields: dict[str, str], kind: str) -> None:
    body: Any = urlencode(fields) if "urlencoded" in kind else encode_multipart(BOUNDARY, fields)
    response = client.generic("POST", "/contact/", body, content_type=kind)
    assert response.status_code == (413 if fields is TOO_MUCH["bytes"] else 400)
    assert "<h1>" in response.content.decode()
    assert not Inquiry.objects.exists()


def test_last_value_of_a_repeated_field_counts(client: Client) -> None:
    client.post("/contact/", {**DAVE, "email": ["eve@example.org", "dave@example.org"]})
    assert [inquiry.email for inquiry in Inquiry.objects.all()] == ["dave@example.org"]


@pytest.mark.parametrize("order", [1, -1])
def test_repeated_next_never_redirects_off_site(client: Client, order: int) -> None:
    ways = ["/affiliates/portal/", "https://evil.example/"][::order]
    fields = {"email": "alice@example.com", "password": "correct horse battery", "next": ways}
    response = client.post("/accounts/login/?next=//evil.example/", fields)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/")
    assert not response.headers["Location"].startswith("//")


@pytest.mark.parametrize(
    "address",
    ["/.git/config", "/static/", "/static/%2e%2e/manage.py", "/static/..%2f.env", "/.env", "/var/", "/media/"],
)
def test_server_files_are_not_served(files: Client, address: str) -> None:
    assert files.get(address).status_code == 404
