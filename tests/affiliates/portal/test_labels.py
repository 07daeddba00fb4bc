"""Labels are declared before they count, never identify a person, and are limited to 50."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection, connections
from django.test import Client

from affiliates.models import MOST_LABELS, Affiliate, Click, Label
from affiliates.tracking.label_names import LabelRefused, clean_label
from affiliates.tracking.labels import declare_label
from tests import factories
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

LABELS = f"{PORTAL}labels/"


def add(affiliate: Affiliate, name: str) -> BeautifulSoup:
    response = signed_in(affiliate.user).post(LABELS, {"name": name, "page": "/"}, follow=True)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def names(affiliate: Affiliate) -> list[str]:
    return sorted(label.name for label in affiliate.labels.in_use())


def test_added_label_counts_clicks(alice: Affiliate) -> None:
    Client().get("/go/DEMO/?sub=newsletter-may")
    assert Click.objects.get().label_id is None
    assert "newsletter-may" in add(alice, "  Newsletter-May ").get_text()
    Client().get("/go/DEMO/?sub=Newsletter-MAY")
    assert Click.objects.filter(label=alice.labels.get()).count() == 1
    assert "newsletter-may" in text_of(alice.user, "links/")


def test_label_form_sent_twice_adds_one_label(alice: Affiliate) -> None:
    for name in ("May", "may", " MAY "):
        assert "now count under it" in add(alice, name).get_text()
    assert names(alice) == ["may"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "Enter a label"),
        ("   ", "Enter a label"),
        ("x" * 33, "at most 32 characters. This one has 33"),
        ("x" * 5000, "at most 32 characters. This one has 5000"),
        ("jane.doe@example.com", "can't be an email address"),
        ("jane.doe＠example.com", "can't be an email address"),  # noqa: RUF001
        ("jane at example dot com", "can't be an email address"),
        ("jane_at_example_dot_com", "can't be an email address"),
        ("example.com", "letters, digits, spaces"),
        ("<b>may</b>", "letters, digits, spaces"),
        ("=1+1", "letters, digits, spaces"),
        ("may\x00", ""),
        ("may\u202eyam", ""),
        ("--", "letters, digits, spaces"),
        ("order 12345", "five or more digits"),
        ("１２３４５", "five or more digits"),  # noqa: RUF001
        ("٠١٢٣٤", "five or more digits"),
        ("805 651 8516", "five or more digits"),
        ("805-651-8516", "five or more digits"),
        ("80 56 51 8", "five or more digits"),
    ],
)
def test_label_that_may_identify_person_is_refused(alice: Affiliate, name: str, told: str) -> None:
    page = add(alice, name)
    field = page.find("input", {"name": "name"})
    assert field is not None
    if "\x00" not in name:
        assert str(field["value"] if name else "").strip() == name.strip()
    assert page.select(".field-bad")
    assert told in page.get_text()
    assert not Label.objects.exists()


@pytest.mark.parametrize("name", ["may", "Newsletter 2026-03", "été_2026", "video-1234", "x" * 32, "訂閱", "a"])
def test_ordinary_labels_are_accepted(alice: Affiliate, name: str) -> None:
    add(alice, name)
    assert names(alice) == [name.lower()]


def test_label_limit_is_fifty_and_archiving_frees_one(alice: Affiliate) -> None:
    for number in range(MOST_LABELS):
        declare_label(affiliate=alice, text=f"label {number}")
    page = add(alice, "one more")
    assert "Archive one first" in page.get_text()
    assert page.find("input", {"value": "one more"})
    label = alice.labels.filter(name_index="label 7").get()
    client = signed_in(alice.user)
    for _ in range(2):  # sent twice
        assert client.post(f"{LABELS}{label.pk}/archive/", follow=True).status_code == 200
    add(alice, "one more")
    assert alice.labels.in_use().count() == MOST_LABELS
    add(alice, "label 7")
    assert alice.labels.in_use().count() == MOST_LABELS


def test_archived_label_keeps_statistics_and_can_be_restored(alice: Affiliate) -> None:
    label = declare_label(affiliate=alice, text="may")
    factories.click(alice, label=label)
    signed_in(alice.user).post(f"{LABELS}{label.pk}/archive/")
    Client().get("/go/DEMO/?sub=may")
    assert Click.objects.filter(label=label).count() == 1
    assert "may 1" in text_of(alice.user, "campaigns/")
    add(alice, "may")
    assert alice.labels.get() == label
    Client().get("/go/DEMO/?sub=may")
    assert Click.objects.filter(label=label).count() == 2


def test_two_affiliates_can_use_same_label(alice: Affiliate, erin: Affiliate) -> None:
    for affiliate in (alice, erin):
        add(affiliate, "may")
    Client().get("/go/ERIN/?sub=may")
    assert Click.objects.get().label_id == erin.labels.get().pk


def test_label_of_another_affiliate_does_not_count(alice: Affiliate, erin: Affiliate) -> None:
    add(erin, "may")
    Client().get("/go/DEMO/?sub=may")
    assert Click.objects.get().label_id is None
    assert signed_in(alice.user).post(f"{LABELS}{erin.labels.get().pk}/archive/").status_code == 404
    assert names(erin) == ["may"]


def test_label_name_is_sealed(alice: Affiliate) -> None:
    add(alice, "secret-campaign")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM affiliates_label")
        assert b"secret" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize("text", ["may", "MAY"])
def test_database_refuses_duplicate_label(alice: Affiliate, text: str) -> None:
    assert declare_label(affiliate=alice, text="may") == declare_label(affiliate=alice, text=text)


def test_label_validation_is_same_in_form_and_function() -> None:
    with pytest.raises(LabelRefused):
        clean_label("jane@example.com")


@pytest.mark.django_db(transaction=True)
def test_concurrent_label_additions_respect_limit() -> None:
    affiliate = factories.affiliate("many@example.com", "MANY")
    for number in range(MOST_LABELS - 2):
        declare_label(affiliate=affiliate, text=f"label {number}")
    refused: list[str] = []

    def declare(number: int) -> None:
        try:
            declare_label(affiliate=affiliate, text=f"late {number}")
        except LabelRefused as error:
            refused.append(str(error))
        finally:
            connections.close_all()

    threads: list[Any] = [threading.Thread(target=declare, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert affiliate.labels.in_use().count() == MOST_LABELS
    assert len(refused) == 4
