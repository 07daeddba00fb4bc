"""Every public page is read as a visitor gets it; what a browser would ask others for is found in it."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from aitpro.evidence import _pages
from aitpro.http.page_origins import Origins
from aitpro.traffic.models import PageDay
from privacy.evidence.served_pages import public_paths, serve
from shop.models import Product


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://other.example/a.js"></script>',
        '<link rel="preconnect" href="//other.example">',
        '<img srcset="/own.png 1x, https://other.example/b.png 2x">',
        '<img src="https://other.example/b.png"/>',
        '<iframe src="https://other.example/"></iframe>',
        '<form action="https://other.example/send"></form>',
        '<button formaction="https://other.example/send">Send</button>',
        '<a href="/" ping="https://other.example/seen">Home</a>',
        '<meta http-equiv="refresh" content="0; url=https://other.example/">',
        "<style>@import '//other.example/c.css'; p { background: url(https://other.example/d.gif) }</style>",
    ],
)
def test_third_party_request_of_a_page_is_found(html: str) -> None:
    assert Origins(html).hosts == {"other.example"}


@pytest.mark.parametrize("html", ['<a href="https://other.example/">A link</a>', '<img src="/static/logo.svg">'])
def test_links_and_own_files_are_not(html: str) -> None:
    assert Origins(html).hosts == set()


@pytest.mark.django_db
def test_the_public_pages_are_among_those_read(product: Product, client: Client) -> None:
    paths = public_paths()
    assert {"/", "/services/", "/contact/", "/privacy/", "/privacy/request/", "/accounts/login/"} <= set(paths)
    assert not [path for path in paths if path.startswith("/admin/") or "evidence" in path or "<" in path]
    read = [page.html for page in _pages()]
    assert any(product.name.lower() in html and "<form" in html for html in read)
    assert all("<html" in html for html in read)


@pytest.mark.django_db
def test_reading_all_pages_leaves_no_warning_in_the_log(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    answers = {path: serve(path).status_code for path in public_paths()}
    assert answers["/services/"] == 200
    assert set(answers.values()) <= {200, 301, 302}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.django_db
def test_a_page_is_served_as_to_a_visitor(client: Client) -> None:
    served, visited = serve("/services/"), client.get("/services/")
    assert served.status_code == visited.status_code == 200
    assert served.headers["Content-Security-Policy"] == visited.headers["Content-Security-Policy"]
    assert not PageDay.objects.exists()
