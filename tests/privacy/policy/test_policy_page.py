"""/privacy/: the promises, and the table of what is kept, printed from the registry."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import models
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import reverse

from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data, personal_models
from privacy.registry.growth import Bounded
from privacy.registry.promises import PROMISES
from privacy.registry.purposes import Purpose

pytestmark = pytest.mark.django_db


def policy(client: Client) -> BeautifulSoup:
    response = client.get("/privacy/")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def table(client: Client) -> dict[str, str]:
    section: Any = policy(client).find("section", {"aria-labelledby": "kept"})
    rows = section.select("tbody tr")
    return {row.find("th").get_text(): row.get_text(" ", strip=True) for row in rows}


def test_policy_page_has_a_row_for_each_declaration(client: Client) -> None:
    rows = table(client)
    assert set(rows) == {declaration.label for declaration in personal_models()}
    for declaration in personal_models():
        for told in (
            declaration.purpose.label,
            declaration.source,
            str(declaration.retention),
            *declaration.columns.values(),
        ):
            assert told in rows[declaration.label]


def test_policy_page_lists_what_is_kept_after_an_erasure(client: Client) -> None:
    assert "tax records keep amounts and dates" in table(client)["Your orders"]


@isolate_apps("privacy")
@pytest.mark.usefixtures("registry_of_its_own")
def test_policy_page_shows_new_declarations_automatically(client: Client) -> None:
    class Shoe(SealedModel):
        size = models.IntegerField()

        class Meta:
            app_label = "privacy"

    personal_data(
        label="Your shoes",
        purpose=Purpose.QUOTE,
        columns={"size": "size of your shoes"},
        other_columns="id",
        found_by=(),
        retention=Retention(text="a year"),
        erasure=Erasure.DELETE,
        growth=Bounded("the feet of our customers"),
    )(Shoe)
    assert "size of your shoes" in table(client)["Your shoes"]


def test_policy_page_opens_with_a_summary_and_its_contents(client: Client) -> None:
    page: Any = policy(client)
    assert page.main.h2.get_text() == "In short"
    for link in page.select("nav.contents a[href^='#']"):
        assert page.find(id=link["href"].removeprefix("#")) is not None
    assert not page.select("details[open]")
    names = [summary.h3.get_text() for summary in page.select("section[aria-labelledby=promises] summary")]
    assert names == [promise.title for promise in PROMISES]


def test_reading_path_of_policy_and_evidence_names_no_code(client: Client) -> None:
    """Files, modules and columns are in what a reader opens."""
    for address in ("/privacy/", "/privacy/evidence/"):
        page: Any = BeautifulSoup(client.get(address).content, "html.parser")
        for opened in page.select("details > :not(summary), #check ~ *"):
            opened.decompose()
        read = page.main.get_text(" ")
        assert len(read) > 500
        for code in (".py", "tests/", "_id", "{", "index"):
            assert code not in read


def test_policy_page_lists_every_promise_with_its_control(client: Client) -> None:
    page = policy(client)
    assert len(PROMISES) == len({promise.id for promise in PROMISES}) == 19
    for promise in PROMISES:
        card: Any = page.find(id=promise.id)
        assert str(promise.sentence) in card.get_text()
        assert str(promise.control) in card.get_text()


def test_a_reader_gets_no_cookie(client: Client) -> None:
    response = client.get(reverse("privacy:policy"))
    assert not response.cookies
    assert "UNDEFINED" not in response.content.decode()


def test_policy_page_names_the_uses_of_every_row(client: Client) -> None:
    """The uses that the table leaves out, because they are those of any row."""
    for each in personal_models():
        wordless = {use.purpose for use in each.all_uses} - {use.purpose for use in each.uses}
        assert wordless - {each.purpose, *each.also_for} <= {Purpose.PRIVACY_REQUEST, Purpose.POLICY_NOTICE}
    words = policy(client).get_text(" ", strip=True)
    assert "we read this data to answer your privacy requests" in words
    assert "we use email addresses to notify their owners when this policy changes" in words
