"""Pages for when something is wrong: plain words, a way on, no trace."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from tests.site.pages import MISSING


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A visitor of a site whose front page fails."""

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("carol@example.org could not be served")

    monkeypatch.setattr("aitpro.views.HomeView.get_context_data", fail)
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize("address", MISSING)
def test_a_missing_page_says_so(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    page = BeautifulSoup(response.content, "html.parser")
    assert [h1.get_text() for h1 in page.find_all("h1")] == ["This page isn't here"]
    assert {"/", "/contact/"} <= {str(link["href"]) for link in page.find_all("a")}


def test_a_mistake_of_ours_says_so_and_shows_no_trace(broken: Client) -> None:
    response = broken.get("/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    for secret in ("Traceback", "RuntimeError", "carol@example.org"):
        assert secret not in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_broken_page_does_not_break_the_others(broken: Client) -> None:
    assert broken.get("/").status_code == 500
    assert broken.get("/services/").status_code == 200


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()
